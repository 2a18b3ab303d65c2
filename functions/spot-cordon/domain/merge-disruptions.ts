import { activateDeferred, type CordonDraft, hasExpired, newRecord } from './cordon-record.ts';
import { type Disruption, isMoreSevere } from './disruption.ts';
import {
  addNotice,
  type ClosedNotice,
  closeNotice,
  firstOpenNotice,
  type MaintenanceNotice,
  noticeFields,
  toNotice,
} from './maintenance.ts';

/** `released`: the maintenance moved to a later date, so the next sweep undoes the cordon. */
export type RecordChange = 'new' | 'raised' | 'renewed' | 'sooner' | 'deferred' | 'released' | 'none';

export interface MergeResult {
  readonly record: CordonDraft;
  readonly change: RecordChange;
}

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
  if (disruptions.length === 0 && isDue(known, options.now)) {
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
  options: MergeOptions,
): MergeResult {
  if (disruption.severity === 'scheduled') return mergeMaintenance(known, disruption, options);
  if (!known) return { record: newRecord(disruption), change: 'new' };
  if (known.status === 'deferred') return mergeIntoDeferred(known, disruption, options.now);
  if (isMoreSevere(disruption.severity, known.severity)) return raisedResult(known, disruption);
  if (disruption.severity !== known.severity) return unchangedResult(known);
  // The uncordon that this disruption interrupts may have undone some steps already, so all steps run again.
  const isNew = known.status === 'uncordoning' || isAfterDeadline(known, disruption);
  return isNew ? raisedResult(known, disruption) : updateTimes(known, disruption);
}

/** Whether a deferred record must become a cordon now. Maintenance that was called off never does. */
function isDue(known: CordonDraft | undefined, now: number): known is CordonDraft {
  return known?.status === 'deferred' && (known.dueAt ?? 0) <= now && !hasExpired(known, now);
}

/**
 * AWS has closed the maintenance for this instance. If it was the only reason, the record expires now: the next sweep
 * undoes the cordon, or deletes the record if it is still deferred.
 *
 * @returns undefined if the record is about something else
 */
export function cancelMaintenance(
  known: CordonDraft,
  closed: ClosedNotice,
  options: MergeOptions,
): CordonDraft | undefined {
  const maintenance = closeNotice(known.maintenance ?? [], closed);
  if (!maintenance) return undefined;
  if (known.severity !== 'scheduled' || known.status === 'uncordoning') return { ...known, maintenance };
  return applyNotices(known, maintenance, options).record;
}

/**
 * The record after its cordon is undone, if maintenance is still ahead.
 *
 * @returns undefined if the record can be deleted
 */
export function deferAgain(known: CordonDraft, now: number): CordonDraft | undefined {
  const { maintenance = [] } = known;
  const first = firstOpenNotice(maintenance.filter(({ expiresAt }) => expiresAt > now));
  return first && deferredRecord(known, first, maintenance);
}

/** An instance at risk that also has maintenance planned should leave, even before its lead time. */
function mergeMaintenance(
  known: CordonDraft | undefined,
  disruption: Disruption,
  options: MergeOptions,
): MergeResult {
  const added = toNotice(disruption, options.leadMs);
  const maintenance = addNotice(known?.maintenance ?? [], added);
  if (known?.severity === 'interruption' || !maintenance)
    return unchangedResult(known ?? newRecord(disruption));
  if (!known)
    return added.dueAt > options.now ? deferredResult(disruption, added) : newCordon(disruption, added);
  if (known.severity === 'rebalance') return withMaintenance(raisedResult(known, disruption), maintenance);
  if (known.status !== 'uncordoning') return applyNotices(known, maintenance, options);
  // The uncordon that this disruption interrupts may have undone some steps already, so all steps run again.
  if (added.dueAt <= options.now) return withMaintenance(raisedResult(known, disruption), maintenance);
  return { record: { ...known, maintenance }, change: 'deferred' };
}

/** Makes the record follow the open notice that starts first. */
function applyNotices(
  known: CordonDraft,
  maintenance: readonly MaintenanceNotice[],
  { now }: MergeOptions,
): MergeResult {
  const eventTime = Math.max(...maintenance.map((one) => one.eventTime));
  const first = firstOpenNotice(maintenance);
  if (!first) return { record: { ...known, maintenance, eventTime, expiresAt: now }, change: 'released' };
  if (known.status === 'deferred') {
    if (first.dueAt > now) return { record: deferredRecord(known, first, maintenance), change: 'deferred' };
    const due = { ...known, maintenance, eventTime, ...noticeFields(first, maintenance, now) };
    return { record: activateDeferred(due), change: 'new' };
  }
  if (first.dueAt > now)
    return { record: { ...known, maintenance, eventTime, expiresAt: now }, change: 'released' };
  const { publish: _publish, ...steps } = known.steps;
  const record = { ...known, maintenance, eventTime, steps, ...noticeFields(first, maintenance, now) };
  return { record, change: first.startsAt < (known.deadline ?? 0) ? 'sooner' : 'renewed' };
}

function deferredRecord(
  known: CordonDraft,
  first: MaintenanceNotice,
  maintenance: readonly MaintenanceNotice[],
): CordonDraft {
  const { instanceId } = known;
  const fields = { ...noticeFields(first, maintenance, 0), eventTime: first.eventTime, dueAt: first.dueAt };
  return { instanceId, severity: 'scheduled', status: 'deferred', steps: {}, maintenance, ...fields };
}

function withMaintenance(
  { record, change }: MergeResult,
  maintenance: readonly MaintenanceNotice[],
): MergeResult {
  return { record: { ...record, maintenance }, change };
}

function newCordon(disruption: Disruption, added: MaintenanceNotice): MergeResult {
  return withMaintenance({ record: newRecord(disruption), change: 'new' }, [added]);
}

function deferredResult(disruption: Disruption, added: MaintenanceNotice): MergeResult {
  const record: CordonDraft = { ...newRecord(disruption), status: 'deferred', dueAt: added.dueAt };
  return withMaintenance({ record, change: 'deferred' }, [added]);
}

function mergeIntoDeferred(known: CordonDraft, disruption: Disruption, now: number): MergeResult {
  const isOpen = !hasExpired(known, now);
  if (disruption.severity === 'rebalance' && isOpen)
    return { record: activateDeferred(known), change: 'new' };
  return { record: newRecord(disruption), change: 'new' };
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
    ...(known.drainedLoadBalancersOfGroup && {
      drainedLoadBalancersOfGroup: known.drainedLoadBalancersOfGroup,
    }),
    ...(known.orderedReplacement && { orderedReplacement: known.orderedReplacement }),
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
  const { publish: _publish, ...otherSteps } = known.steps;
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

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
