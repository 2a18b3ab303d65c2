import { publishEvents } from '#shared/aws/eventbridge.ts';
import type { CordonContext } from '../context.ts';
import { recheckEvent } from '../messages/events.ts';
import { isHeld, isStepPending, recordFailure, type WorkItem } from './work-item.ts';

const KEPT = 'not before its deadline: too few healthy targets would have remained';

/** Ends the wait of instances whose deadline is over: EC2 takes them now. */
export function endHolds(items: readonly WorkItem[], now: number): void {
  for (const item of items.filter(isHeld)) {
    if (item.record.severity !== 'interruption' || now < (item.record.deadline ?? 0)) continue;
    item.heldPools = [];
    if (isStepPending(item, 'drain')) item.outcomes.drain = KEPT;
    if (isStepPending(item, 'replace')) item.outcomes.replace = KEPT;
  }
}

/**
 * Publishes an event for each interrupted instance that waits. It comes back to CordonInstances after 15 seconds, by way
 * of a queue with a delay. The sweep does this for recommendations and maintenance.
 */
export async function recheckHeld({ invocation }: CordonContext, all: readonly WorkItem[]): Promise<void> {
  // SQS delivers the messages of failed ones again.
  const waiting = all.filter((item) => isHeld(item) && item.failures.size === 0);
  const items = waiting.filter(({ record }) => record.severity === 'interruption');
  if (items.length === 0) return;
  const errors = await publishEvents(
    items.map(({ instanceId }) => recheckEvent(instanceId)),
    invocation.signal,
  );
  items.forEach((item, i) => {
    if (errors[i] !== undefined) recordFailure([item], 'drain', errors[i]);
  });
}
