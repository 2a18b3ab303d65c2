import { type Disruption, isMoreSevere } from './disruption.ts';
import type { RemovedProtection } from './protection.ts';

/** What we do for a cordoned instance. A step that has an outcome in the record does not run again. */
export const cordonSteps = ['tag', 'announce', 'protect', 'drain', 'replace', 'notify'] as const;
export type CordonStep = (typeof cordonSteps)[number];
export type StepOutcomes = Readonly<Partial<Record<CordonStep, string>>>;

/** `deferred`: waits for its lead time. `uncordoning`: is being undone; a new disruption can still take it back. */
type CordonStatus = 'deferred' | 'cordoned' | 'uncordoning';

/** The targets that we deregistered, so that we can register exactly the same ones again. */
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

/** The record of one instance and its worst disruption. Tags, events and mails are derived from it. */
export interface CordonRecord extends Omit<Disruption, 'staleAt'> {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
  readonly status: CordonStatus;
  /** When a deferred cordon becomes due. */
  readonly dueAt?: number;
  readonly uncordoningSince?: number;
  readonly group?: string;
  readonly steps: StepOutcomes;
  /** If the instance had scale-in protection and we removed it. */
  readonly removedProtection?: RemovedProtection;
  readonly drainedTargets?: readonly DrainedTargets[];
  readonly drainedLoadBalancers?: readonly string[];
  /** Further facts for the on-call engineer, such as a target group that drains too slowly. */
  readonly remarks?: readonly string[];
  /** Since when draining waits for healthy targets. */
  readonly drainHeldSince?: number;
}

export type RecordChange = 'new' | 'raised' | 'renewed' | 'sooner' | 'deferred' | 'none';

export interface MergeResult {
  readonly record: CordonDraft;
  readonly change: RecordChange;
}

/** A record before its write gives it a revision. */
export type CordonDraft = Omit<CordonRecord, 'revision'>;

export interface MergeOptions {
  /** How long before its start maintenance cordons an instance. */
  readonly leadMs: number;
  readonly now: number;
}

/**
 * Merges the disruptions in the order of their events. Without a disruption, a deferred record that is due becomes
 * a cordon.
 *
 * @returns no record if there is neither a record nor a disruption
 */
export function mergeDisruptions(
  known: CordonDraft | undefined,
  disruptions: readonly Disruption[],
  options: MergeOptions,
): { readonly record: CordonDraft | undefined; readonly change: RecordChange } {
  if (known?.status === 'deferred' && disruptions.length === 0 && (known.dueAt ?? 0) <= options.now) {
    return { record: activateDeferred(known), change: 'new' };
  }
  let record = known;
  let change: RecordChange = 'none';
  for (const disruption of disruptions) {
    const merged = mergeDisruption(record, disruption, options);
    record = merged.record;
    if (merged.change !== 'none' && change !== 'new') change = merged.change;
  }
  return { record, change };
}

/**
 * Adds a disruption to what is known. The severity only rises. The earliest deadline and the latest expiry stay. A
 * duplicate changes nothing.
 */
export function mergeDisruption(
  known: CordonDraft | undefined,
  disruption: Disruption,
  { leadMs, now }: MergeOptions,
): MergeResult {
  const dueAt = dueTime(disruption, leadMs);
  if (!known) {
    return dueAt > now ? deferredResult(disruption, dueAt) : { record: newRecord(disruption), change: 'new' };
  }
  if (known.status === 'deferred') return mergeIntoDeferred(known, disruption, dueAt, now);
  // Even before its lead time: an instance at risk that also has maintenance planned should leave.
  if (isMoreSevere(disruption.severity, known.severity)) return raisedResult(known, disruption);
  if (disruption.severity !== known.severity) return unchangedResult(known);
  // The uncordon that this disruption interrupts may have undone some steps already, so all steps run again.
  const isNew = known.status === 'uncordoning' || isAfterDeadline(known, disruption);
  return isNew ? raisedResult(known, disruption) : updateTimes(known, disruption);
}

/** Turns a deferred record that is due into a cordon like any other. */
export function activateDeferred(known: CordonDraft): CordonDraft {
  const { dueAt: _dueAt, ...rest } = known;
  return { ...rest, status: 'cordoned', steps: {} };
}

/**
 * AWS has closed the maintenance, so the record expires now. The next sweep undoes the cordon, or deletes the record if
 * it is still deferred.
 *
 * @returns undefined if the record is about something else or has expired already
 */
export function cancelMaintenance(known: CordonDraft, eventTime: number): CordonDraft | undefined {
  if (known.severity !== 'scheduled' || known.eventTime > eventTime) return undefined;
  if (known.expiresAt !== undefined && known.expiresAt <= eventTime) return undefined;
  return { ...known, eventTime, expiresAt: eventTime };
}

export function withOutcomes(known: CordonDraft, outcomes: StepOutcomes): CordonDraft {
  return { ...known, steps: { ...known.steps, ...outcomes } };
}

function dueTime(disruption: Disruption, leadMs: number): number {
  // Not based on the event's time: if our clock were one second behind EC2's, a warning would be deferred.
  if (disruption.severity !== 'scheduled' || disruption.deadline === undefined) return 0;
  return disruption.deadline - leadMs;
}

function deferredResult(disruption: Disruption, dueAt: number): MergeResult {
  return { record: { ...newRecord(disruption), status: 'deferred', dueAt }, change: 'deferred' };
}

function mergeIntoDeferred(
  known: CordonDraft,
  disruption: Disruption,
  dueAt: number,
  now: number,
): MergeResult {
  if (disruption.severity === 'rebalance') return { record: activateDeferred(known), change: 'new' };
  if (dueAt <= now) return { record: newRecord(disruption), change: 'new' };
  const hasMoved = disruption.eventTime > known.eventTime && disruption.deadline !== known.deadline;
  return hasMoved ? deferredResult(disruption, dueAt) : unchangedResult(known);
}

/** A warning after the last deadline is a new disruption: the instance was stopped and started since then. */
function isAfterDeadline(known: CordonDraft, disruption: Disruption): boolean {
  return (
    disruption.severity === 'interruption' && disruption.eventTime > (known.deadline ?? disruption.eventTime)
  );
}

function raisedResult(known: CordonDraft, disruption: Disruption): MergeResult {
  const isAhead = known.deadline !== undefined && known.deadline >= disruption.eventTime;
  const deadline = earliest(isAhead ? known.deadline : undefined, disruption.deadline);
  const record: CordonDraft = {
    ...newRecord(disruption),
    ...(deadline !== undefined && { deadline }),
    ...(known.group !== undefined && { group: known.group }),
    ...(known.removedProtection && { removedProtection: known.removedProtection }),
    ...(known.drainedTargets && { drainedTargets: known.drainedTargets }),
    ...(known.drainedLoadBalancers && { drainedLoadBalancers: known.drainedLoadBalancers }),
  };
  return { record, change: 'raised' };
}

/** The same severity again: a changed deadline or expiry is published to schedulers, but no new mail is sent. */
function updateTimes(known: CordonDraft, disruption: Disruption): MergeResult {
  const isSooner =
    disruption.deadline !== undefined && disruption.deadline < (known.deadline ?? Number.POSITIVE_INFINITY);
  // An older event must not extend the expiry: it would take back a cancellation.
  const isRenewed =
    disruption.eventTime >= known.eventTime &&
    (disruption.expiresAt ?? 0) > (known.expiresAt ?? Number.POSITIVE_INFINITY);
  if (!isSooner && !isRenewed) return unchangedResult(known);
  const { announce: _announce, ...otherSteps } = known.steps;
  const record: CordonDraft = {
    ...known,
    steps: otherSteps,
    ...(isSooner && disruption.deadline !== undefined && { deadline: disruption.deadline }),
    ...(isRenewed && disruption.expiresAt !== undefined && { expiresAt: disruption.expiresAt }),
  };
  return { record, change: isSooner ? 'sooner' : 'renewed' };
}

function unchangedResult(known: CordonDraft): MergeResult {
  return { record: known, change: 'none' };
}

function newRecord(disruption: Disruption): CordonDraft {
  const { staleAt: _staleAt, ...fields } = disruption;
  return { ...fields, status: 'cordoned', steps: {} };
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
