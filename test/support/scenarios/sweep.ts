import assert from 'node:assert/strict';
import type { Fault, FaultKind } from '../../../local/account/account.ts';
import { isReadAction } from '../../../local/account/read-actions.ts';
import type { Call } from '../../../local/account/types.ts';
import type { Pack } from '../../../local/pack/pack.ts';
import type { Outcome, Scenario } from '../../../local/scenario-kit/scenario.ts';

export interface ScenarioRun {
  readonly outcome: Outcome;
  readonly calls: readonly Call[];
  /** Those of them that get faults. */
  readonly swept: readonly Call[];
  /** The messages for chat, as they were published. */
  readonly chats: readonly string[];
}

// A function sees throttling and a 500 as the same: the SDK retries both, and then the delivery does.
const faultKindsOfWrites: readonly FaultKind[] = ['throttled', 'lost', 'killed', 'duplicated'];

// A read changes nothing. Losing its response equals a failure, and dying after it equals dying after the call before.
// A duplicate delivery between a read and the decision based on it is what can break a function (docs/adr/0012).
const faultKindsOfReads: readonly FaultKind[] = ['failed', 'duplicated'];

/** Runs a scenario on an empty account, with or without a fault. */
export async function runWithFault(pack: Pack, scenario: Scenario, fault?: Fault): Promise<ScenarioRun> {
  await pack.reset();
  const seed = await scenario.arrange(pack);
  const arranged = pack.calls().length;
  await scenario.before?.(pack, seed);
  const from = pack.calls().length;
  if (fault) pack.account.injectFault(fault);
  await scenario.act(pack, seed);
  pack.account.clearFaults();
  const to = pack.calls().length;
  await scenario.after?.(pack, seed);
  const calls = pack.calls();
  return {
    calls: calls.slice(arranged).filter(isOfFunction),
    swept: calls.slice(from, to).filter(isOfFunction),
    outcome: await scenario.observe(pack, seed),
    chats: pack.chats().map(({ text }) => text),
  };
}

const isOfFunction = (call: Call): boolean => call.function !== 'local';

/** Every fault that can make a difference, at every call of the run without faults. */
export function faultsFor(calls: readonly Call[]): Fault[] {
  const perFunction = Map.groupBy(calls, (call) => call.function);
  return [...perFunction].flatMap(([name, made]) =>
    made.flatMap(({ action }, i) =>
      faultKindsFor(action).map((kind) => ({ function: name, call: i + 1, kind })),
    ),
  );
}

function faultKindsFor(action: string): readonly FaultKind[] {
  return isReadAction(action) ? faultKindsOfReads : faultKindsOfWrites;
}

/** Compares the outcome of a run with a fault to that of the run without. Returns undefined if they agree. */
export function findDifference(expected: Outcome, actual: Outcome, kind: FaultKind): string | undefined {
  try {
    assert.deepEqual(actual.state, expected.state, 'the state differs');
    const events = [expected, actual].map((outcome) => [...new Set(outcome.events ?? [])].sort());
    assert.deepEqual(events[1], events[0], 'the published events differ');
    assert.deepEqual(
      [...(actual.effects ?? [])].sort(),
      [...(expected.effects ?? [])].sort(),
      'the effects differ',
    );
    assertSameMails(expected.mails ?? [], actual.mails ?? [], kind);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** No mail is sent twice. One may be missing only if its delivery cannot be known (docs/adr/0006). */
function assertSameMails(before: readonly string[], after: readonly string[], kind: FaultKind): void {
  const isUncertain = kind === 'lost' || kind === 'killed';
  if (!isUncertain) assert.deepEqual([...after].sort(), [...before].sort(), 'the mails differ');
  for (const [mail, some] of Map.groupBy(after, (one) => one)) {
    const expected = before.filter((one) => one === mail).length;
    assert.ok(some.length <= expected, `mailed ${some.length} times, not ${expected}: ${mail}`);
  }
}
