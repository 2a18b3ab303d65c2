import { MINUTE_MS } from '#shared/time.ts';
import type { Chosen } from './choose-instances.ts';
import type { TerminationRequest } from './termination-request.ts';

/** Requests of a group and cause have waited for idle instances since then. Times are epoch milliseconds. */
export interface BusyWait {
  readonly since: number;
  /** Auto Scaling asks again before this time, or has given up. */
  readonly expiresAt: number;
  /** Some of the instances that an answer named, if it named as many as were wanted: the wait is over when they are gone. */
  readonly answered: readonly string[];
}

interface Asked {
  readonly cause: string;
  readonly wait: BusyWait | undefined;
  /** Undefined: busy instances are never chosen. */
  readonly busyWaitMs: number | undefined;
  readonly now: number;
}

/**
 * For these, Auto Scaling asks again for an hour at most; then an instance refresh fails (user guide, custom termination
 * policies). For scale-in it asks for as long as necessary.
 */
const LIMITED_CAUSES = ['INSTANCE_REFRESH', 'MAX_INSTANCE_LIFETIME', 'REBALANCE'];
const ASKED_AGAIN_MS = 15 * MINUTE_MS;
const RENEWED_MS = 8 * MINUTE_MS;
const MAX_ANSWERED = 20;

/** The wait, unless Auto Scaling has carried out the last complete answer. A lost answer does not end it. */
export function currentWait(
  wait: BusyWait | undefined,
  { candidates }: TerminationRequest,
): BusyWait | undefined {
  if (!wait || wait.answered.length === 0) return wait;
  const answered = new Set(wait.answered);
  return candidates.some(({ instanceId }) => answered.has(instanceId)) ? wait : undefined;
}

/** Whether the request has waited long enough for idle instances. */
export function mayTakeBusy({ busyWaitMs, cause, now, wait }: Asked): boolean {
  if (busyWaitMs === undefined || !LIMITED_CAUSES.includes(cause)) return false;
  return now - (wait?.since ?? now) >= busyWaitMs;
}

/** What must be saved before the answer; undefined if that is nothing. */
export function waitToSave(
  { busyWaitMs, cause, now, wait }: Asked,
  { choices, missing }: Chosen,
): BusyWait | undefined {
  if (busyWaitMs === undefined || !LIMITED_CAUSES.includes(cause)) return undefined;
  const isComplete = missing === 0;
  if (isComplete && !wait) return undefined;
  const answered = isComplete ? choices.slice(0, MAX_ANSWERED).map(({ instanceId }) => instanceId) : [];
  const isKnown = wait && `${wait.answered}` === `${answered}` && wait.expiresAt - now >= RENEWED_MS;
  return isKnown ? undefined : { since: wait?.since ?? now, expiresAt: now + ASKED_AGAIN_MS, answered };
}
