import { publishEvents } from '#shared/aws/eventbridge.ts';
import { createCordonTags } from '../../aws/ec2.ts';
import { cordonedEvent } from '../../messages/events.ts';
import { idsOf, recordFailure, type WorkItem, withPendingStep } from '../work-item.ts';

/** Tags the instances with one call per severity: all instances of one severity get the same value. */
export async function tagInstances(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const bySeverity = Map.groupBy(withPendingStep(items, 'tag'), (item) => item.record.severity);
  for (const [severity, some] of bySeverity) {
    const untagged = await createCordonTags(idsOf(some), severity, signal);
    for (const item of some) item.outcomes.tag = untagged.get(item.instanceId) ?? 'done';
  }
}

export async function publishCordonedEvents(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const pending = withPendingStep(items, 'announce');
  if (pending.length === 0) return;
  const errors = await publishEvents(
    pending.map(({ record, group }) => cordonedEvent(group ? { ...record, group: group.name } : record)),
    signal,
  );
  pending.forEach((item, i) => {
    const error = errors[i];
    if (error) recordFailure([item], 'announce', error);
    else item.outcomes.announce = 'done';
  });
}
