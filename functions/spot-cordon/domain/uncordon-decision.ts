import type { CordonRecord } from './cordon-record.ts';
import { type Instance, isTerminated } from './instance.ts';
import { hasLeftHosts } from './maintenance.ts';
import { isAwaitingReplacement } from './replacement.ts';
import { tagKeys } from './scope.ts';

/** What to do with a record. */
export type UncordonDecision =
  | { readonly kind: 'uncordon'; readonly reason: UncordonReason }
  | {
      readonly kind: 'delete';
      readonly reason: 'instance terminated' | 'maintenance is over' | 'left its host';
    }
  | { readonly kind: 'requeue' }
  | { readonly kind: 'overdue'; readonly next: OverdueStep; readonly isToTerminate: boolean }
  | { readonly kind: 'keep' };

type UncordonReason = 'expired' | 'running again' | 'left its host' | 'uncordon was cut short';

/** `report`: nobody was notified yet. `terminate`: by the instance's tag, some minutes after that. */
export type OverdueStep = 'report' | 'terminate' | 'wait';

/** The function can run for less than this, so an uncordon that takes longer has died. */
const UNCORDON_LEASE_MS = 90_000;
/** If the instance still runs this long after its deadline, EC2 withdrew the interruption or the event was wrong. */
const OVERDUE_MS = 600_000;
/** Between the report and the termination, so that a person can step in. The sweep runs every five minutes. */
const GRACE_MS = 240_000;

const KEEP = { kind: 'keep' } as const;

/** Decides in the sweep, from the record, the instance as it is now, and the clock. */
export function decideAtSweep(
  record: CordonRecord,
  instance: Instance | undefined,
  now: number,
): UncordonDecision {
  if (isTerminated(instance)) return decideTerminated(record, now);
  if (record.status === 'deferred') return decideDeferred(record, instance, now);
  // Targets must be running to be registered, so a stopped instance stays cordoned until it runs.
  const isRunning = instance?.state === 'running';
  if (record.status === 'uncordoning') {
    const hasDied = now - (record.uncordoningSince ?? 0) > UNCORDON_LEASE_MS;
    return hasDied && isRunning ? { kind: 'uncordon', reason: 'uncordon was cut short' } : KEEP;
  }
  const hasExpired = record.expiresAt !== undefined && record.expiresAt <= now;
  if (hasExpired && isRunning) return { kind: 'uncordon', reason: 'expired' };
  if (record.severity === 'scheduled' && hasLeftHosts(record.maintenance ?? [], instance))
    return { kind: 'uncordon', reason: 'left its host' };
  if (isDrainHeldForAdvice(record)) return { kind: 'requeue' };
  return isOverdue(record, instance, now) ? decideOverdue(record, instance, now) : KEEP;
}

/** Decides when the instance changes its state. An event from before the cordon changes nothing. */
export function decideAtStateChange(record: CordonRecord, state: string, at: number): UncordonDecision {
  if (state === 'terminated') return decideTerminated(record, at);
  const isBack = state === 'running' && at > record.eventTime && isOverWhenRunning(record, at);
  return isBack ? { kind: 'uncordon', reason: 'running again' } : KEEP;
}

/** The record stays for as long as the launch of its replacement may fail. */
function decideTerminated(record: CordonRecord, now: number): UncordonDecision {
  return isAwaitingReplacement(record, now) ? KEEP : { kind: 'delete', reason: 'instance terminated' };
}

/** Only an instance that we detached bills outside its group. Any other one has an owner. */
function decideOverdue(
  { orderedReplacement, overdueSince }: CordonRecord,
  instance: Instance | undefined,
  now: number,
): UncordonDecision {
  const isToTerminate = orderedReplacement?.kind === 'detach' && shouldTerminate(instance);
  const isDue = isToTerminate && overdueSince !== undefined && now - overdueSince >= GRACE_MS;
  const next = overdueSince === undefined ? 'report' : isDue ? 'terminate' : 'wait';
  return { kind: 'overdue', next, isToTerminate };
}

/** Whether its owner wants an instance that outlives its interruption to be terminated. */
export function shouldTerminate(instance: Instance | undefined): boolean {
  return instance?.state === 'running' && instance.tags[tagKeys.overdue] === 'terminate';
}

function decideDeferred(record: CordonRecord, instance: Instance | undefined, now: number): UncordonDecision {
  if ((record.expiresAt ?? 0) <= now) return { kind: 'delete', reason: 'maintenance is over' };
  if (hasLeftHosts(record.maintenance ?? [], instance)) return { kind: 'delete', reason: 'left its host' };
  return (record.dueAt ?? 0) <= now ? { kind: 'requeue' } : KEEP;
}

/**
 * A stopped or hibernated Spot instance may return, and a start after a scheduled stop moves it to healthy hardware. An
 * instance that starts after its interruption deadline has survived the interruption, whatever the action was.
 */
function isOverWhenRunning({ status, severity, action, deadline = 0 }: CordonRecord, at: number): boolean {
  if (status === 'deferred') return false;
  return action === 'stop' || action === 'hibernate' || (severity === 'interruption' && at > deadline);
}

/** CordonInstances looks after interrupted instances itself, more often. */
function isDrainHeldForAdvice({ severity, drainHeldSince }: CordonRecord): boolean {
  return severity !== 'interruption' && drainHeldSince !== undefined;
}

function isOverdue(record: CordonRecord, instance: Instance | undefined, now: number): boolean {
  return (
    record.severity === 'interruption' &&
    instance?.state === 'running' &&
    now - (record.deadline ?? now) > OVERDUE_MS
  );
}
