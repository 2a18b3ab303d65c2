import { forEachIsolated } from '#shared/concurrency.ts';
import { formatCount } from '#shared/count.ts';
import { sleep } from '#shared/time.ts';
import { deregisterFromClassic, findClassicLoadBalancers } from '../../aws/elastic-load-balancing.ts';
import {
  deregisterTargets,
  listTargets,
  readDeregistrationDelaySeconds,
} from '../../aws/elastic-load-balancing-v2.ts';
import type { Target } from '../../domain/cordon-record.ts';
import {
  drainScope,
  isDrainLongerThanNotice,
  targetKey,
  targetsOfInstance,
  toDrainedTargets,
} from '../../domain/drain-targets.ts';
import { type DrainSearch, findTargetGroups } from '../../find-target-groups.ts';
import { idsOf, isHeld, isStepPending, recordFailure, type WorkItem, withPendingStep } from '../work-item.ts';

const CALLS_AT_ONCE = 8;
const CLASSIC_CALLS_AT_ONCE = 4;
const SECOND_LOOK_MS = 2_000;

/**
 * Finds where the instances to drain are registered, and under which ports. One call lists a whole target group, so the
 * cost depends on the number of target groups, not of instances. An incomplete search fails the step but keeps its finds.
 */
export async function findRegistrations(
  items: readonly WorkItem[],
  search: DrainSearch,
  signal: AbortSignal,
): Promise<void> {
  const toDrain = items.filter((item) => shouldLeaveLoadBalancers(item));
  if (toDrain.length === 0) return;
  const onError = (error: unknown): void => recordFailure(toDrain, 'drain', error);
  await Promise.all([
    searchTargetGroups(toDrain, search, signal).catch(onError),
    searchClassicLoadBalancers(toDrain, signal).catch(onError),
  ]);
  await addSlowDrainRemarks(toDrain, signal);
}

/** A replacement takes an instance out of its group's load balancers too, so it is searched for as well. */
function shouldLeaveLoadBalancers(item: WorkItem): boolean {
  const isPending = isStepPending(item, 'drain') || isStepPending(item, 'replace');
  return isPending && drainScope(item) !== undefined;
}

async function searchTargetGroups(
  items: readonly WorkItem[],
  search: DrainSearch,
  signal: AbortSignal,
): Promise<void> {
  await forEachIsolated(
    await findTargetGroups(items, search, signal),
    CALLS_AT_ONCE,
    async (group) => {
      const registered = await listTargets(group.arn, signal);
      const healthy = new Set(
        registered.filter(({ state }) => state === 'healthy').map(({ target }) => targetKey(target)),
      );
      for (const item of items) {
        if (!item.instance || !drainScope(item)?.includes(group.arn)) continue;
        const targets = targetsOfInstance(item.instance, group, registered);
        if (targets.length === 0) continue;
        const drained = toDrainedTargets(group.arn, targets, { registered, group: item.group });
        item.targets = [...item.targets, drained];
        item.healthyTargets.set(group.arn, healthy);
      }
    },
    (_, error) => recordFailure(items, 'drain', error),
  );
}

async function searchClassicLoadBalancers(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const loadBalancers = [...(await findClassicLoadBalancers(new Set(idsOf(items)), signal))];
  for (const item of items) {
    const scope = drainScope(item);
    const own = loadBalancers.filter(([name, ids]) => ids.includes(item.instanceId) && scope?.includes(name));
    item.classicLoadBalancers = own.map(([name]) => name);
    // A Classic Load Balancer lists no health, so all its instances count as healthy.
    for (const [name, ids] of own) item.healthyTargets.set(name, new Set(ids));
  }
}

/** If a target group drains for longer than the notice, EC2 may cut connections. The mail and the log say so. */
async function addSlowDrainRemarks(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const arns = new Set(items.flatMap(({ targets }) => targets.map(({ targetGroupArn }) => targetGroupArn)));
  const remarkOf = new Map<string, string>();
  await forEachIsolated(
    arns,
    CALLS_AT_ONCE,
    async (arn) => {
      const delay = await readDeregistrationDelaySeconds(arn, signal);
      if (isDrainLongerThanNotice(delay))
        remarkOf.set(arn, `drains for ${delay} s, longer than the notice of 120 s`);
    },
    // A missing remark must not stop the draining.
    (arn) => remarkOf.set(arn, 'has an unknown deregistration delay: it could not be read'),
  );
  for (const { targets, remarks } of items) {
    for (const { targetGroupArn } of targets) {
      const remark = remarkOf.get(targetGroupArn);
      if (remark) remarks.push(`${targetGroupArn} ${remark}`);
    }
  }
}

/** Deregisters the targets and lists them again: deregistering a target that is not registered succeeds silently. */
export async function deregisterInstances(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const pending = withPendingStep(items, 'drain');
  const registrations = pending.flatMap((item) => item.targets.map((drained) => ({ item, ...drained })));
  await Promise.all([
    forEachIsolated(
      Map.groupBy(registrations, ({ targetGroupArn }) => targetGroupArn),
      CALLS_AT_ONCE,
      ([arn, some]) => deregisterFromTargetGroup(arn, some, signal),
      ([, some], error) => recordDrainFailure(some, error),
    ),
    deregisterFromClassicLoadBalancers(pending, signal),
  ]);
  for (const item of pending)
    if (!item.failures.has('drain') && !isHeld(item)) item.outcomes.drain = drainOutcome(item);
}

async function deregisterFromTargetGroup(
  arn: string,
  some: readonly { readonly item: WorkItem; readonly targets: readonly Target[] }[],
  signal: AbortSignal,
): Promise<void> {
  const all = some.flatMap(({ targets }) => targets);
  await deregisterTargets(arn, all, signal);
  if ((await findStuck(arn, some, signal)).length === 0) return;
  // The list may be some seconds behind.
  await sleep(SECOND_LOOK_MS, signal);
  const stuck = await findStuck(arn, some, signal);
  recordDrainFailure(stuck, new Error(`targets are still registered in ${arn} after they were deregistered`));
}

async function findStuck<T extends { readonly targets: readonly Target[] }>(
  arn: string,
  some: readonly T[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const registered = await listTargets(arn, signal);
  const notDraining = registered.filter(({ state }) => state !== 'draining');
  const left = new Set(notDraining.map(({ target }) => targetKey(target)));
  return some.filter(({ targets }) => targets.some((target) => left.has(targetKey(target))));
}

async function deregisterFromClassicLoadBalancers(
  items: readonly WorkItem[],
  signal: AbortSignal,
): Promise<void> {
  const registrations = items.flatMap((item) => item.classicLoadBalancers.map((name) => ({ name, item })));
  await forEachIsolated(
    Map.groupBy(registrations, ({ name }) => name),
    CLASSIC_CALLS_AT_ONCE,
    ([name, some]) => deregisterFromClassic(name, idsOf(some.map(({ item }) => item)), signal),
    ([, some], error) => recordDrainFailure(some, error),
  );
}

function recordDrainFailure(some: readonly { readonly item: WorkItem }[], error: unknown): void {
  const items = some.map(({ item }) => item);
  recordFailure(items, 'drain', error);
}

function drainOutcome(item: WorkItem): string {
  const { record, group, targets, classicLoadBalancers: classic } = item;
  if (drainScope(item) === undefined)
    return record.severity === 'interruption' ? 'not requested' : 'not requested for advice';
  const count = targets.reduce((sum, { targets: some }) => sum + some.length, 0);
  if (count + classic.length === 0)
    return group?.hasCapacityRebalancing ? 'left to Capacity Rebalancing' : 'registered nowhere';
  return [
    ...(count > 0
      ? [`${formatCount(count, 'target')} in ${formatCount(targets.length, 'target group')}`]
      : []),
    ...(classic.length > 0 ? [formatCount(classic.length, 'Classic Load Balancer')] : []),
  ].join(', ');
}
