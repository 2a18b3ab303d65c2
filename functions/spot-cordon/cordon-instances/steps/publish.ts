import { publishEvents } from '#shared/aws/eventbridge.ts';
import { cordonedEvent } from '../../messages/events.ts';
import { recordFailure, type WorkItem, withPendingStep } from '../work-item.ts';

export async function publishCordonedEvents(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const pending = withPendingStep(items, 'publish');
  if (pending.length === 0) return;
  const errors = await publishEvents(
    pending.map(({ record, group }) => cordonedEvent(group ? { ...record, group: group.name } : record)),
    signal,
  );
  pending.forEach((item, i) => {
    const error = errors[i];
    if (error) recordFailure([item], 'publish', error);
    else item.outcomes.publish = 'done';
  });
}
