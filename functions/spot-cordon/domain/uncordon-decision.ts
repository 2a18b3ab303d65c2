import type { CordonRecord } from './cordon-record.ts';
import { type Instance, isTerminated } from './instance.ts';

/** What to do with a record. */
export type UncordonDecision =
  | { readonly kind: 'uncordon'; readonly reason: 'expired' | 'running again' | 'uncordon was cut short' }
  | { readonly kind: 'delete'; readonly reason: 'instance terminated' | 'maintenance is over' }
  | { readonly kind: 'requeue' }
  | { readonly kind: 'keep'; readonly isOverdue: boolean };

/** The function can run for less than this, so an uncordon that takes longer has died. */
const UNCORDON_LEASE_MS = 90_000;
/** If the instance still runs this long after its deadline, EC2 withdrew the interruption or the event was wrong. */
const OVERDUE_MS = 600_000;

/** Decides in the sweep, from the record, the instance as it is now, and the clock. */
export function decideAtSweep(
  record: CordonRecord,
  instance: Instance | undefined,
  now: number,
): UncordonDecision {
  if (isTerminated(instance)) return { kind: 'delete', reason: 'instance terminated' };
  if (record.status === 'deferred') return decideDeferred(record, now);
  // Targets must be running to be registered, so a stopped instance stays cordoned until it runs.
  const isRunning = instance?.state === 'running';
  if (record.status === 'uncordoning') {
    const hasDied = now - (record.uncordoningSince ?? 0) > UNCORDON_LEASE_MS;
    return hasDied && isRunning
      ? { kind: 'uncordon', reason: 'uncordon was cut short' }
      : { kind: 'keep', isOverdue: false };
  }
  const hasExpired = record.expiresAt !== undefined && record.expiresAt <= now;
  if (hasExpired && isRunning) return { kind: 'uncordon', reason: 'expired' };
  if (isDrainHeldForAdvice(record)) return { kind: 'requeue' };
  return { kind: 'keep', isOverdue: isOverdue(record, instance, now) };
}

/** Decides when the instance changes its state. An event from before the cordon changes nothing. */
export function decideAtStateChange(record: CordonRecord, state: string, at: number): UncordonDecision {
  if (state === 'terminated') return { kind: 'delete', reason: 'instance terminated' };
  const isBack = state === 'running' && at > record.eventTime && endsWhenRunning(record, at);
  return isBack ? { kind: 'uncordon', reason: 'running again' } : { kind: 'keep', isOverdue: false };
}

function decideDeferred(record: CordonRecord, now: number): UncordonDecision {
  if ((record.expiresAt ?? 0) <= now) return { kind: 'delete', reason: 'maintenance is over' };
  return (record.dueAt ?? 0) <= now ? { kind: 'requeue' } : { kind: 'keep', isOverdue: false };
}

/**
 * A stopped or hibernated Spot instance may return, and a start after a scheduled stop moves it to healthy hardware. An
 * instance that starts after its interruption deadline has survived the interruption, whatever the action was.
 */
function endsWhenRunning({ status, severity, action, deadline = 0 }: CordonRecord, at: number): boolean {
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
