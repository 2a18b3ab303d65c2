import { describeGroups } from '../../aws/auto-scaling.ts';
import { describeInstances } from '../../aws/ec2.ts';
import { groupNameOf, INSTANCE_TERMINATED, isTerminated } from '../../domain/instance.ts';
import { idsOf, isStepPending, type WorkItem } from '../work-item.ts';

/** Describes the instances and the Auto Scaling groups in their tags. */
export async function describeInstancesAndGroups(
  items: readonly WorkItem[],
  signal: AbortSignal,
): Promise<void> {
  const pending = items.filter(({ described }) => !described);
  const instances = pending.length > 0 ? await describeInstances(idsOf(pending), signal) : new Map();
  for (const item of pending) {
    const instance = instances.get(item.instanceId);
    if (instance) item.instance = instance;
    item.described = true;
  }
  const names = items.map(({ instance }) => groupNameOf(instance)).filter((name) => name !== undefined);
  if (names.length === 0) return;
  const groups = await describeGroups(names, signal);
  for (const item of items) {
    const group = groups.get(groupNameOf(item.instance) ?? '');
    if (group?.members.has(item.instanceId)) item.group = group;
  }
}

/** A terminated instance needs no further step. The sweep deletes its record. */
export function completeTerminatedInstances(items: readonly WorkItem[]): void {
  for (const item of items) {
    const isKnownTerminated = item.described && isTerminated(item.instance);
    // If the describe call failed, CreateTags may have reported that the instance does not exist.
    if (!isKnownTerminated && item.outcomes.tag !== INSTANCE_TERMINATED) continue;
    for (const step of ['publish', 'protect', 'drain', 'replace', 'notify'] as const) {
      if (isStepPending(item, step)) item.outcomes[step] = INSTANCE_TERMINATED;
    }
  }
}
