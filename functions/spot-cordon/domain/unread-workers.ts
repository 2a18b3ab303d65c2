import { MINUTE_MS } from '#shared/time.ts';
import { type Choice, chooseInstances } from './choose-instances.ts';
import type { TerminationRequest } from './termination-request.ts';

const GRACE_MS = 5 * MINUTE_MS;

/**
 * The answer while it is unknown who is busy: at first nobody, because Auto Scaling asks again; after five minutes the first
 * ones that it suggests, so that nothing is blocked. Nobody at all if busy instances may never be chosen.
 */
export function chooseUnread(
  request: TerminationRequest,
  { busyWaitMs, now, since }: { busyWaitMs: number | undefined; now: number; since: number },
): readonly Choice[] {
  if (busyWaitMs === undefined || now - since < GRACE_MS) return [];
  const nobody = { busySince: new Map(), cordoned: new Map() };
  return chooseInstances(request, nobody, { mayTakeBusy: false }).choices;
}
