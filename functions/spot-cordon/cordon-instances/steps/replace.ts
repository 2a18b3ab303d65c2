import { forEachIsolated } from '#shared/concurrency.ts';
import {
  detachInstances,
  hasTerminatingHook,
  setScaleInProtection,
  terminateInstances,
} from '../../aws/auto-scaling.ts';
import { keepsProtectionReason } from '../../domain/protection.ts';
import { chooseReplacement, notReplacedReason, shouldReplace } from '../../domain/replacement.ts';
import {
  idsOf,
  isHeld,
  recordFailure,
  shouldLoseProtection,
  type WorkItem,
  withPendingStep,
} from '../work-item.ts';

const CALLS_AT_ONCE = 4;

/** Removes scale-in protection, so that scale-in and Capacity Rebalancing can choose the interrupted instance. */
export async function removeProtection(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const pending = withPendingStep(items, 'protect');
  for (const item of pending) {
    const reason = keepsProtectionReason(item.record, item.instance, item.group);
    if (reason !== undefined) item.outcomes.protect = reason;
  }
  const byGroup = Map.groupBy(pending.filter(shouldLoseProtection), ({ group }) => group?.name ?? '');
  await forEachIsolated(
    byGroup,
    CALLS_AT_ONCE,
    async ([group, some]) => {
      const unchanged = new Set(await setScaleInProtection(group, idsOf(some), false, signal));
      for (const item of some)
        item.outcomes.protect = unchanged.has(item.instanceId) ? 'not in service' : 'removed';
    },
    ([, some], error) => recordFailure(some, 'protect', error),
  );
}

/** Decides how each instance is replaced. Reads the hooks once per group, and only if the group has one to replace. */
export async function planReplacements(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const pending = withPendingStep(items, 'replace');
  const requested = pending.filter(({ record, instance }) => shouldReplace(record, instance));
  for (const item of pending) item.replacement = { kind: 'none', reason: notReplacedReason(item.record) };
  for (const item of requested) item.replacement = chooseReplacement(item.instanceId, item.group, false);
  const replaceable = requested.filter(({ replacement }) => replacement?.kind === 'detach');
  await forEachIsolated(
    Map.groupBy(replaceable, ({ group }) => group?.name ?? ''),
    CALLS_AT_ONCE,
    async ([name, some]) => {
      const hasHook = await hasTerminatingHook(name, signal);
      for (const item of some) item.replacement = chooseReplacement(item.instanceId, item.group, hasHook);
    },
    ([, some], error) => recordFailure(some, 'replace', error),
  );
}

/** Makes Auto Scaling launch replacements, in the way that was planned for each instance. */
export async function orderReplacements(items: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const pending = withPendingStep(items, 'replace');
  const planned = pending.filter(
    (item) => item.replacement && item.replacement.kind !== 'none' && mayLeaveGroup(item),
  );
  const byKindAndGroup = Map.groupBy(
    planned,
    ({ replacement, group }) => `${replacement?.kind} ${group?.name}`,
  );
  await forEachIsolated(
    byKindAndGroup.values(),
    CALLS_AT_ONCE,
    (some) => orderReplacementsInGroup(some, signal),
    (some, error) => recordFailure(some, 'replace', error),
  );
  for (const item of pending) {
    if (item.replacement?.kind === 'none') item.outcomes.replace = item.replacement.reason;
  }
}

/** Auto Scaling deregisters an instance that leaves, so we must know that enough healthy targets remain. */
export function mayLeaveGroup(item: WorkItem): boolean {
  const { targetGroupArns = [], loadBalancerNames = [] } = item.group ?? {};
  const isUnknown = item.failures.has('drain') && targetGroupArns.length + loadBalancerNames.length > 0;
  return !isHeld(item) && !isUnknown;
}

async function orderReplacementsInGroup(some: readonly WorkItem[], signal: AbortSignal): Promise<void> {
  const [first] = some;
  const name = first?.group?.name;
  if (!first || !name) return;
  const isDetach = first.replacement?.kind === 'detach';
  const call = isDetach ? detachInstances : terminateInstances;
  const unchanged = new Set(await call(name, idsOf(some), signal));
  const outcome = isDetach ? 'detached, replacement ordered' : 'terminating, replacement ordered';
  for (const item of some)
    item.outcomes.replace = unchanged.has(item.instanceId) ? 'had already left its group' : outcome;
}
