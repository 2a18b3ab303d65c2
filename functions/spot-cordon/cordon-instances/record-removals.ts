import { type RecordUpdate, updateRecords } from '#shared/aws/update-records.ts';
import type { CordonContext } from '../context.ts';
import type { CordonDraft, CordonRecord, OrderedReplacement } from '../domain/cordon-record.ts';
import { mergeDrainedTargets } from '../domain/drain-targets.ts';
import { mayLeaveGroup } from './steps/replace.ts';
import {
  isStepPending,
  recordFailure,
  recordsById,
  shouldLoseProtection,
  type WorkItem,
} from './work-item.ts';

/**
 * Records what we are about to remove and order, so that UncordonInstances knows even if this function dies. If a record
 * cannot be written, nothing is removed for its instance.
 */
export async function recordRemovals(
  { table, invocation }: CordonContext,
  all: readonly WorkItem[],
): Promise<void> {
  const items = all.filter(hasRemovals);
  const byId = new Map(items.map((item) => [item.instanceId, item]));
  const update: RecordUpdate<CordonRecord> = (known, id) => {
    const item = byId.get(id);
    return known && item ? withRemovals(known, item, invocation.now()) : undefined;
  };
  const { records, failures } = await updateRecords(table, [...byId.keys()], update, recordsById(items));
  for (const item of items) {
    item.record = records.get(item.instanceId) ?? item.record;
    if (failures.has(item.instanceId)) recordFailure([item], 'record', failures.get(item.instanceId));
  }
}

function hasRemovals(item: WorkItem): boolean {
  const isRegistered = item.targets.length + item.classicLoadBalancers.length > 0;
  return (
    (isStepPending(item, 'drain') && isRegistered) ||
    (isStepPending(item, 'protect') && shouldLoseProtection(item)) ||
    orderOf(item) !== undefined
  );
}

/** The replacement that this invocation orders. */
function orderOf(item: WorkItem): Omit<OrderedReplacement, 'orderedAt'> | undefined {
  const { replacement } = item;
  if (!isStepPending(item, 'replace') || item.failures.has('replace') || !mayLeaveGroup(item))
    return undefined;
  return replacement?.kind === 'none' ? undefined : replacement;
}

function withRemovals(known: CordonRecord, item: WorkItem, now: number): CordonDraft {
  const targets = mergeDrainedTargets(known.drainedTargets ?? [], item.targets);
  const classic = mergeNames(known.drainedLoadBalancers, item.classicLoadBalancers);
  const isOfGroup = (name: string): boolean => item.group?.loadBalancerNames.includes(name) === true;
  const ofGroup = mergeNames(known.drainedLoadBalancersOfGroup, item.classicLoadBalancers.filter(isOfGroup));
  const order = orderOf(item);
  return {
    ...known,
    ...(order && { orderedReplacement: { ...order, orderedAt: now } }),
    ...(item.group && { group: item.group.name }),
    ...(shouldLoseProtection(item) && { removedProtection: { removedAt: now } }),
    ...(targets.length > 0 && { drainedTargets: targets }),
    ...(classic.length > 0 && { drainedLoadBalancers: classic }),
    ...(ofGroup.length > 0 && { drainedLoadBalancersOfGroup: ofGroup }),
  };
}

function mergeNames(before: readonly string[] = [], added: readonly string[]): readonly string[] {
  return [...new Set([...before, ...added])];
}
