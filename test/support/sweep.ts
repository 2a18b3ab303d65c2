import assert from 'node:assert/strict';
import type { FaultKind } from '../../local/account/account.ts';
import type { Call } from '../../local/account/types.ts';
import type { Pack } from '../../local/pack/pack.ts';
import type { Outcome, Scenario } from '../../local/scenario-kit/scenario.ts';

/** One fault: at this call of this function. */
export interface Strike {
  readonly function: string;
  readonly call: number;
  readonly kind: FaultKind;
}

export interface Played {
  readonly outcome: Outcome;
  readonly calls: readonly Call[];
}

// A throttle and a 500 are one refusal to a function: both are repeated, by the SDK and then by the delivery.
const faultsOfWrites: readonly FaultKind[] = ['throttled', 'lost', 'killed', 'duplicated'];

// A read leaves nothing behind: lost it is repeated like a failing one, and a function that dies after it stands where
// it stood after the call before. What another delivery does behind its back is what matters.
const faultsOfReads: readonly FaultKind[] = ['failed', 'duplicated'];
const read = /^(AssumeRole|BatchGet|Describe|Get|Head|List|Query|Scan)/;

/** Plays a scenario on a fresh account, with a fault or without. */
export async function play(pack: Pack, scenario: Scenario, strike?: Strike): Promise<Played> {
  await pack.reset();
  const seed = await scenario.arrange(pack);
  const before = pack.calls().length;
  if (strike) pack.account.injectFault(strike);
  await scenario.act(pack, seed);
  pack.account.clearFaults();
  const calls = pack.calls().slice(before);
  return {
    outcome: await scenario.observe(pack, seed),
    calls: calls.filter((call) => call.function !== 'local'),
  };
}

/** Every fault that can make a difference, at every call that the undisturbed run made. */
export function strikesFor(calls: readonly Call[]): Strike[] {
  const perFunction = Map.groupBy(calls, (call) => call.function);
  return [...perFunction].flatMap(([name, made]) =>
    made.flatMap(({ action }, i) => faultsOf(action).map((kind) => ({ function: name, call: i + 1, kind }))),
  );
}

function faultsOf(action: string): readonly FaultKind[] {
  return read.test(action) ? faultsOfReads : faultsOfWrites;
}

/** What is wrong about the end of a disturbed run; undefined when nothing is. */
export function judge(undisturbed: Outcome, disturbed: Outcome, kind: FaultKind): string | undefined {
  try {
    assert.deepEqual(disturbed.state, undisturbed.state, 'the state differs');
    const told = [undisturbed, disturbed].map((outcome) => [...new Set(outcome.events ?? [])].sort());
    assert.deepEqual(told[1], told[0], 'machines were not told the same');
    assert.deepEqual(
      [...(disturbed.effects ?? [])].sort(),
      [...(undisturbed.effects ?? [])].sort(),
      'people see another effect',
    );
    judgeMails(undisturbed.mails ?? [], disturbed.mails ?? [], kind);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Never twice; missing only where nobody can know whether it went out (docs/adr/0006). */
function judgeMails(before: readonly string[], after: readonly string[], kind: FaultKind): void {
  const inDoubt = kind === 'lost' || kind === 'killed';
  if (!inDoubt) assert.deepEqual([...after].sort(), [...before].sort(), 'the mails differ');
  for (const [mail, some] of Map.groupBy(after, (one) => one)) {
    const expected = before.filter((one) => one === mail).length;
    assert.ok(some.length <= expected, `mailed ${some.length} times, not ${expected}: ${mail}`);
  }
}
