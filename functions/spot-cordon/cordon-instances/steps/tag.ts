import { createCordonTags } from '../../aws/ec2.ts';
import { idsOf, type WorkItem, withPendingStep } from '../work-item.ts';

/** Tags the instances with one call per severity: all instances of one severity get the same value. */
export async function tagInstances(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const bySeverity = Map.groupBy(withPendingStep(items, 'tag'), (item) => item.record.severity);
  for (const [severity, some] of bySeverity) {
    const untagged = await createCordonTags(idsOf(some), severity, signal);
    for (const item of some) item.outcomes.tag = untagged.get(item.instanceId) ?? 'done';
  }
}
