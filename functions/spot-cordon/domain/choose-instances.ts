import type { Severity } from './disruption.ts';
import { type Candidate, poolOf, type TerminationRequest, wantedByPool } from './termination-request.ts';

/** What is known about the candidates. Times are epoch milliseconds. */
export interface KnownWorkers {
  /** Since when a worker has been busy. All others are idle. */
  readonly busySince: ReadonlyMap<string, number>;
  readonly cordoned: ReadonlyMap<string, Severity>;
}

type ChoiceReason = 'cordoned and idle' | 'idle' | 'busy for the longest time';

export interface Choice {
  readonly instanceId: string;
  readonly reason: ChoiceReason;
}

export interface Chosen {
  readonly choices: readonly Choice[];
  /** How many instances were wanted beyond these. */
  readonly missing: number;
}

/**
 * Exactly the wanted number by zone and market, because Auto Scaling sorts a surplus by the next policy: cordoned and idle
 * instances first, then idle ones. Busy ones only if that is allowed: those that have worked for the longest time.
 */
export function chooseInstances(
  { candidates, capacity }: TerminationRequest,
  workers: KnownWorkers,
  { mayTakeBusy }: { readonly mayTakeBusy: boolean },
): Chosen {
  const distinct = new Map(candidates.map((one) => [one.instanceId, one]));
  const pools = Map.groupBy(distinct.values(), poolOf);
  const choices: Choice[] = [];
  let missing = 0;
  for (const [pool, count] of wantedByPool(capacity)) {
    const chosen = rank(pools.get(pool) ?? [], workers, mayTakeBusy).slice(0, count);
    choices.push(...chosen);
    missing += count - chosen.length;
  }
  return { choices, missing };
}

const URGENCY: readonly Severity[] = ['interruption', 'scheduled', 'rebalance'];

function rank(candidates: readonly Candidate[], workers: KnownWorkers, mayTakeBusy: boolean): Choice[] {
  const { busySince, cordoned } = workers;
  const since = ({ instanceId }: Candidate): number => busySince.get(instanceId) ?? 0;
  const urgency = ({ instanceId }: Candidate): number =>
    URGENCY.indexOf(cordoned.get(instanceId) ?? 'rebalance');
  const [idle, busy] = partition(candidates, ({ instanceId }) => !busySince.has(instanceId));
  const [cordonedIdle, otherIdle] = partition(idle, ({ instanceId }) => cordoned.has(instanceId));
  return [
    ...withReason(
      cordonedIdle.toSorted((a, b) => urgency(a) - urgency(b)),
      'cordoned and idle',
    ),
    ...withReason(otherIdle, 'idle'),
    ...withReason(
      mayTakeBusy ? busy.toSorted((a, b) => since(a) - since(b)) : [],
      'busy for the longest time',
    ),
  ];
}

function partition<T>(values: readonly T[], belongs: (value: T) => boolean): [T[], T[]] {
  const groups = Map.groupBy(values, belongs);
  return [groups.get(true) ?? [], groups.get(false) ?? []];
}

function withReason(candidates: readonly Candidate[], reason: ChoiceReason): Choice[] {
  return candidates.map(({ instanceId }) => ({ instanceId, reason }));
}
