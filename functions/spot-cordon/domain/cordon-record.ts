import { type Danger, isWorse } from './disruption.ts';

/** What is done for a cordoned instance. A step that has an outcome in the record is not run again. */
export const steps = ['tag', 'announce', 'protect', 'drain', 'replace', 'notify'] as const;
export type Step = (typeof steps)[number];

/** `deferred` waits for its lead window; `releasing` is being undone and may still be taken back. */
export type Status = 'deferred' | 'cordoned' | 'releasing';

/** Targets that were taken out, so that they can be put back as they were. */
export interface DrainedTargets {
  readonly targetGroupArn: string;
  readonly targets: readonly Target[];
}
export interface Target {
  readonly Id: string;
  readonly Port?: number;
  readonly AvailabilityZone?: string;
  readonly QuicServerId?: string;
}

/** The record of one instance and its worst danger: the source of truth of which tags and events are projections. */
export interface Cordon extends Omit<Danger, 'staleAt'> {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
  readonly status: Status;
  /** When a deferred cordon comes due. */
  readonly dueAt?: number;
  readonly releasingSince?: number;
  readonly group?: string;
  readonly steps: Readonly<Partial<Record<Step, string>>>;
  /** The instance had scale-in protection and we took it: ours to give back. */
  readonly protectionRemoved?: boolean;
  readonly drainedTargets?: readonly DrainedTargets[];
  readonly drainedLoadBalancers?: readonly string[];
}

export type Change = 'new' | 'raised' | 'renewed' | 'sooner' | 'deferred' | 'none';

export interface Merged {
  readonly record: Draft;
  readonly change: Change;
}

/** A record before its write gives it a revision. */
export type Draft = Omit<Cordon, 'revision'>;

/**
 * What a danger makes of what is known: severity only rises, the earliest deadline and the latest expiry stay,
 * a duplicate changes nothing.
 */
export function merge(known: Draft | undefined, danger: Danger, leadMs: number, now: number): Merged {
  const dueAt = dueTime(danger, leadMs);
  if (!known) return dueAt > now ? defer(danger, dueAt) : { record: fresh(danger), change: 'new' };
  if (known.status === 'deferred') return mergeDeferred(known, danger, dueAt, now);
  // Also ahead of its lead window: an instance that is at risk and has maintenance ahead of it is leaving.
  if (isWorse(danger.severity, known.severity)) return { record: raise(known, danger), change: 'raised' };
  if (danger.severity !== known.severity) return unchanged(known);
  // Taken back from the sweep: what it may have undone already has to be done again.
  const isNew = known.status === 'releasing' || followsInterruption(known, danger);
  return isNew ? { record: raise(known, danger), change: 'raised' } : sharpen(known, danger);
}

/** A deferred notice is due: from now on it is a cordon like any other. */
export function activate(known: Draft): Draft {
  const { dueAt: _dueAt, ...rest } = known;
  return { ...rest, status: 'cordoned', steps: {} };
}

/** AWS has closed the maintenance that `known` is about: the sweep undoes it, or forgets it if it never came due. */
export function clear(known: Draft, eventTime: number): Draft | undefined {
  if (known.severity !== 'scheduled' || known.eventTime > eventTime) return undefined;
  if (known.expiresAt !== undefined && known.expiresAt <= eventTime) return undefined;
  return { ...known, eventTime, expiresAt: eventTime };
}

export function withSteps(known: Draft, outcomes: Readonly<Partial<Record<Step, string>>>): Draft {
  return { ...known, steps: { ...known.steps, ...outcomes } };
}

function dueTime(danger: Danger, leadMs: number): number {
  // Never by the event's own time: a clock that runs a second behind EC2's would put a warning off.
  if (danger.severity !== 'scheduled' || danger.deadline === undefined) return 0;
  return danger.deadline - leadMs;
}

function defer(danger: Danger, dueAt: number): Merged {
  return { record: { ...fresh(danger), status: 'deferred', dueAt }, change: 'deferred' };
}

function mergeDeferred(known: Draft, danger: Danger, dueAt: number, now: number): Merged {
  if (danger.severity === 'rebalance') return { record: activate(known), change: 'new' };
  if (dueAt <= now) return { record: fresh(danger), change: 'new' };
  const moved = danger.eventTime > known.eventTime && danger.deadline !== known.deadline;
  return moved ? defer(danger, dueAt) : unchanged(known);
}

/** A warning after the last one's deadline is about the instance's next life: it was stopped and started since. */
function followsInterruption(known: Draft, danger: Danger): boolean {
  return danger.severity === 'interruption' && danger.eventTime > (known.deadline ?? danger.eventTime);
}

function raise(known: Draft, danger: Danger): Draft {
  const isAhead = known.deadline !== undefined && known.deadline >= danger.eventTime;
  const deadline = earliest(isAhead ? known.deadline : undefined, danger.deadline);
  return {
    ...fresh(danger),
    ...(deadline !== undefined && { deadline }),
    ...(known.group !== undefined && { group: known.group }),
    ...(known.protectionRemoved && { protectionRemoved: true }),
    ...(known.drainedTargets && { drainedTargets: known.drainedTargets }),
    ...(known.drainedLoadBalancers && { drainedLoadBalancers: known.drainedLoadBalancers }),
  };
}

/** The same severity again: schedulers hear of a changed deadline or expiry, people need not. */
function sharpen(known: Draft, danger: Danger): Merged {
  const sooner =
    danger.deadline !== undefined && danger.deadline < (known.deadline ?? Number.POSITIVE_INFINITY);
  // Not by an older event: it would take back an all-clear.
  const renewed =
    danger.eventTime >= known.eventTime &&
    (danger.expiresAt ?? 0) > (known.expiresAt ?? Number.POSITIVE_INFINITY);
  if (!sooner && !renewed) return unchanged(known);
  const { announce: _announce, ...kept } = known.steps;
  const record: Draft = {
    ...known,
    steps: kept,
    ...(sooner && danger.deadline !== undefined && { deadline: danger.deadline }),
    ...(renewed && danger.expiresAt !== undefined && { expiresAt: danger.expiresAt }),
  };
  return { record, change: sooner ? 'sooner' : 'renewed' };
}

function unchanged(known: Draft): Merged {
  return { record: known, change: 'none' };
}

function fresh(danger: Danger): Draft {
  const { staleAt: _staleAt, ...kept } = danger;
  return { ...kept, status: 'cordoned', steps: {} };
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
