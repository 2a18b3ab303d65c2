import type { Cordon } from './cordon-record.ts';
import { type Instance, isGone } from './instance.ts';

/** What becomes of a record. */
export type Fate =
  | { readonly fate: 'release'; readonly why: 'expired' | 'running again' | 'release was cut short' }
  | { readonly fate: 'forget'; readonly why: 'instance is gone' | 'notice has passed' }
  | { readonly fate: 'hand back' }
  | { readonly fate: 'keep'; readonly overdue: boolean };

/** A release that takes longer than the function may run has died. */
const RELEASE_LEASE_MS = 90_000;
/** An interruption that is this late is worth telling: the notice was withdrawn, or the events lied. */
const OVERDUE_MS = 600_000;

/** By the sweep: from the record, the instance as it is now and the clock. */
export function fateAtSweep(cordon: Cordon, instance: Instance | undefined, now: number): Fate {
  if (isGone(instance)) return { fate: 'forget', why: 'instance is gone' };
  if (cordon.status === 'deferred') return fateOfDeferred(cordon, now);
  // A stopped instance cannot be put back among targets; it keeps its cordon until it runs.
  const runs = instance?.state === 'running';
  if (cordon.status === 'releasing') {
    const died = now - (cordon.releasingSince ?? 0) > RELEASE_LEASE_MS;
    return died && runs
      ? { fate: 'release', why: 'release was cut short' }
      : { fate: 'keep', overdue: false };
  }
  const expired = cordon.expiresAt !== undefined && cordon.expiresAt <= now;
  if (expired && runs) return { fate: 'release', why: 'expired' };
  return { fate: 'keep', overdue: isOverdue(cordon, instance, now) };
}

/** By a state change of the instance. An event from before the cordon says nothing about it. */
export function fateAtStateChange(cordon: Cordon, state: string, at: number): Fate {
  if (state === 'terminated') return { fate: 'forget', why: 'instance is gone' };
  const cameBack = state === 'running' && at > cordon.eventTime && endsWhenRunning(cordon, at);
  return cameBack ? { fate: 'release', why: 'running again' } : { fate: 'keep', overdue: false };
}

function fateOfDeferred(cordon: Cordon, now: number): Fate {
  if ((cordon.expiresAt ?? 0) <= now) return { fate: 'forget', why: 'notice has passed' };
  return (cordon.dueAt ?? 0) <= now ? { fate: 'hand back' } : { fate: 'keep', overdue: false };
}

/**
 * A stopped or hibernated Spot instance may return; a start after a scheduled stop moves it to sound hardware; and one
 * that starts after the deadline of its interruption has outlived it, whatever was announced.
 */
function endsWhenRunning({ status, severity, action, deadline = 0 }: Cordon, at: number): boolean {
  if (status === 'deferred') return false;
  return action === 'stop' || action === 'hibernate' || (severity === 'interruption' && at > deadline);
}

function isOverdue(cordon: Cordon, instance: Instance | undefined, now: number): boolean {
  return (
    cordon.severity === 'interruption' &&
    instance?.state === 'running' &&
    now - (cordon.deadline ?? now) > OVERDUE_MS
  );
}
