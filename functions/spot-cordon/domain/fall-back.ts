import { HOUR_MS, MINUTE_MS } from '#shared/time.ts';
import type { LaunchFailure } from './cordon-record.ts';
import { baseFor, isSameExceptBase } from './distribution.ts';
import type {
  FailureNotice,
  FallBack,
  FallBackDraft,
  FallBackNotice,
  Interruption,
} from './fall-back-record.ts';
import { type Capacity, type Market, type MixedGroup, marketOf } from './mixed-group.ts';
import { toLaunchFailure } from './replacement.ts';

export interface FallBackSettings {
  /** This many interruptions within so much time count as a dry market. */
  readonly interruptions: number;
  readonly interruptionWindowMs: number;
  /** How long Spot must not have been missing before the first step back. Doubles at each relapse. */
  readonly calmMs: number;
}

/** A launch that failed. */
export interface FailedMarketLaunch {
  readonly market: Market;
  readonly failure: LaunchFailure;
  readonly at: number;
}

/** @param message what Auto Scaling says about the launch */
export function toFailedLaunch(message: string, at: number): FailedMarketLaunch {
  return { market: marketOf(message), failure: toLaunchFailure(message), at };
}

/** What is known about a group now. */
export interface Observation {
  readonly group: MixedGroup;
  readonly capacity: Capacity;
  /** On-Demand capacity that the group keeps in any case. */
  readonly floor: number;
  readonly failures: readonly FailedMarketLaunch[];
  readonly now: number;
}

/** `base` is the base to write, if any; `record` what to save before that. */
export interface FallBackDecision {
  readonly record: FallBackDraft;
  readonly base?: number;
  /** For the log. */
  readonly outcome: string;
}

/** The time between two steps of the way back. */
const STEP_MS = 10 * MINUTE_MS;
/** A failure that is older says nothing about the market of now. */
const STALE_MS = 15 * MINUTE_MS;
/** A fall-back within so much time after the last one is a relapse. */
const RELAPSE_MS = 6 * HOUR_MS;
const MAX_RELAPSES = 4;
/** How often people are notified about the same kind of failure. */
const REMINDER_MS = 24 * HOUR_MS;

/** Decides what to do with a group: at most one change. */
export function decideFallBack(
  record: FallBackDraft,
  observed: Observation,
  settings: FallBackSettings,
): FallBackDecision {
  if (record.fallBack && isChangedByOthers(record.fallBack, observed.group)) return letGo(record, observed);
  const isDry = isMarketDry(record, observed, settings);
  const { distribution, desired } = observed.group;
  const needed = isDry ? baseFor(desired, distribution, observed.capacity.spot) : distribution.base;
  if (needed > distribution.base) return fallBackTo(record, observed, needed);
  const failure = findFailureToReport(record, observed);
  if (failure) return report(record, observed, failure);
  if (record.fallBack) return goBack(record, record.fallBack, observed, settings);
  return { record, outcome: 'nothing to do' };
}

function isChangedByOthers({ bases, original }: FallBack, { distribution }: MixedGroup): boolean {
  return !(bases.includes(distribution.base) && isSameExceptBase(original, distribution.members));
}

/** Somebody else decides now: we forget what we recorded and change nothing. */
function letGo({ fallBack, ...record }: FallBackDraft, observed: Observation): FallBackDecision {
  const from = fallBack?.bases.at(-1) ?? 0;
  const notice = noticeOf('let go', observed, from, observed.group.distribution.base);
  return { record: { ...record, notice }, outcome: 'let go: somebody changed the distribution' };
}

function isMarketDry(
  record: FallBackDraft,
  { failures, now }: Observation,
  settings: FallBackSettings,
): boolean {
  const isFailed = failures.some(
    ({ at, failure, market }) => market === 'spot' && failure === 'no capacity' && now - at < STALE_MS,
  );
  return (
    isFailed || recentInterruptions(record.interruptions, settings, now).length >= settings.interruptions
  );
}

function recentInterruptions(
  interruptions: readonly Interruption[],
  { interruptionWindowMs }: FallBackSettings,
  now: number,
): readonly Interruption[] {
  return interruptions.filter(({ at }) => now - at < interruptionWindowMs);
}

/** Asks On-Demand for exactly the Spot capacity that is missing. */
function fallBackTo(record: FallBackDraft, observed: Observation, base: number): FallBackDecision {
  const { group, now } = observed;
  const { returnedAt, ...rest } = record;
  const from = group.distribution.base;
  const isRelapse =
    record.fallBack?.steppedAt !== undefined || (returnedAt !== undefined && now - returnedAt < RELAPSE_MS);
  const isNew = record.fallBack === undefined && !isRelapse;
  const relapses = isNew ? 0 : Math.min(MAX_RELAPSES, record.relapses + (isRelapse ? 1 : 0));
  const fallBack: FallBack = {
    original: record.fallBack?.original ?? group.distribution.members,
    bases: [from, base],
    dryAt: now,
    step: 1,
  };
  const notice = noticeOf('fell back', observed, from, base);
  return { record: { ...rest, relapses, fallBack, notice }, base, outcome: 'fell back to On-Demand' };
}

/** A failure that more On-Demand cannot fix. */
function findFailureToReport(
  record: FallBackDraft,
  { failures, now }: Observation,
): FailureNotice | undefined {
  return failures
    .filter(({ at }) => now - at < STALE_MS)
    .map(({ failure, market }): FailureNotice | undefined => {
      if (failure !== 'no capacity') return failure;
      return market === 'on-demand' ? 'no On-Demand capacity' : undefined;
    })
    .find((kind) => kind !== undefined && now - (record.notified[kind] ?? 0) >= REMINDER_MS);
}

function report(record: FallBackDraft, observed: Observation, failure: FailureNotice): FallBackDecision {
  const { base } = observed.group.distribution;
  const notice = { ...noticeOf('failure', observed, base, base), failure };
  const notified = { ...record.notified, [failure]: observed.now };
  return { record: { ...record, notified, notice }, outcome: `reported: ${failure}` };
}

/** Back in steps of 1, 2, 4 and so on. Auto Scaling launches Spot before it terminates On-Demand, so a step risks nothing. */
function goBack(
  record: FallBackDraft,
  fallBack: FallBack,
  observed: Observation,
  settings: FallBackSettings,
): FallBackDecision {
  const { capacity, floor, group, now } = observed;
  const from = group.distribution.base;
  const intended = fallBack.bases.at(-1) ?? from;
  const isCutShort = fallBack.steppedAt !== undefined && intended < from;
  if (isCutShort) return { record, base: intended, outcome: 'repeated a step that was cut short' };
  if (now < nextStepAt(record, fallBack, settings)) return { record, outcome: 'waits for a calm market' };
  const target = Math.max(Number(fallBack.original['OnDemandBaseCapacity'] ?? 0), floor);
  if (from <= target) return finish(record, observed);
  // Beyond the desired capacity a base has no effect. What is missing anyway can be asked of Spot at once.
  const missing = group.desired - capacity.spot - capacity.onDemand;
  const to = Math.max(target, Math.min(from, group.desired) - Math.max(fallBack.step, missing));
  const isFirst = fallBack.steppedAt === undefined;
  const next: FallBack = { ...fallBack, bases: [from, to], steppedAt: now, step: fallBack.step * 2 };
  const notice = isFirst ? { notice: noticeOf('step', observed, from, to) } : {};
  return { record: { ...record, ...notice, fallBack: next }, base: to, outcome: 'stepped back towards Spot' };
}

function nextStepAt(
  { relapses }: FallBackDraft,
  { dryAt, steppedAt }: FallBack,
  { calmMs }: FallBackSettings,
): number {
  return steppedAt === undefined ? dryAt + calmMs * 2 ** relapses : steppedAt + STEP_MS;
}

function finish({ fallBack, ...record }: FallBackDraft, observed: Observation): FallBackDecision {
  const { base } = observed.group.distribution;
  const notice = noticeOf('returned', observed, fallBack?.bases[0] ?? base, base);
  return { record: { ...record, returnedAt: observed.now, notice }, outcome: 'returned to Spot' };
}

function noticeOf(
  kind: FallBackNotice['kind'],
  { now }: Observation,
  from: number,
  to: number,
): FallBackNotice {
  return { kind, at: now, from, to };
}
