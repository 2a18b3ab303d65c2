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
// A duplicate before the first call finds what a delivery finds after a kill at the last write.
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

/** Returns the faults for the calls of a scenario that ran without faults. */
export type Sweep = (calls: readonly Call[]) => Fault[];

/**
 * A sweep over many scenarios: every fault that can make a difference. A call that an invocation of an earlier scenario
 * reached by the same calls gets no faults again.
 * @param options `all`: it gets them (docs/adr/0012)
 */
export function createSweep({ all = false }: { readonly all?: boolean } = {}): Sweep {
  const known = new Set<string>();
  return (calls) => {
    const reached = invocationsOf(calls).flatMap(withWays);
    const fresh = reached.filter(({ way }) => all || !known.has(way));
    for (const { way } of reached) known.add(way);
    return fresh.flatMap(faultsAt);
  };
}

/** `at` counts the calls of its function in the scenario, from 1. */
interface CountedCall {
  readonly call: Call;
  readonly at: number;
}

/** The calls of each invocation. A process runs one at a time. */
function invocationsOf(calls: readonly Call[]): readonly (readonly CountedCall[])[] {
  const perFunction = Map.groupBy(calls, (call) => call.function);
  const counted = [...perFunction.values()].flatMap((made) => made.map((call, i) => ({ call, at: i + 1 })));
  const perProcess = Map.groupBy(counted, ({ call }) => `${call.function} ${call.process}`);
  return [...perProcess.values()].flatMap(splitAtFirst);
}

function splitAtFirst(made: readonly CountedCall[]): readonly (readonly CountedCall[])[] {
  const begins = made.flatMap(({ call }, i) => (call.isFirst || i === 0 ? i : []));
  return begins.map((begin, n) => made.slice(begin, begins[n + 1]));
}

/** The way to a call: its function, and the calls of the invocation with their results, up to this one. */
function withWays(invocation: readonly CountedCall[]): (CountedCall & { readonly way: string })[] {
  const steps = invocation.map(({ call }) => [call.function, call.service, call.action, call.status]);
  return invocation.map((counted, i) => ({ ...counted, way: JSON.stringify(steps.slice(0, i + 1)) }));
}

function faultsAt({ call, at }: CountedCall): Fault[] {
  return faultKindsFor(call).map((kind) => ({ function: call.function, call: at, kind }));
}

function faultKindsFor({ action, isFirst }: Call): readonly FaultKind[] {
  if (isReadAction(action)) return faultKindsOfReads;
  return isFirst ? faultKindsOfWrites.filter((kind) => kind !== 'duplicated') : faultKindsOfWrites;
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
