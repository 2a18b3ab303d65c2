import { leave } from './hooks.ts';
import { activeMembers, capacityOf, type Group, type Surroundings } from './model.ts';
import { chooseMembers } from './scale-in.ts';

/** After so long without progress, a refresh fails (user guide, custom termination policies). */
const PATIENCE_MS = 3_600_000;

/** Replaces one instance at a time. Groups without a termination policy function are only marked as refreshing. */
export async function refreshInstances(group: Group, around: Surroundings): Promise<boolean> {
  const [refresh] = group.refreshes;
  const hasFunction = group.terminationPolicies.some((policy) => policy.startsWith('arn:'));
  if (refresh?.status !== 'InProgress' || !hasFunction || group.suspended.has('Terminate')) return false;
  const serving = activeMembers(group).filter(({ state }) => state === 'InService');
  if (capacityOf(serving) < group.desired) return false; // the replacement is on its way
  const old = serving.filter(({ id }) => refresh.left.has(id));
  const [first] = old;
  if (!first) {
    refresh.status = 'Successful';
    return true;
  }
  const toTerminate = [
    { AvailabilityZone: first.zone, Capacity: first.weight, InstanceMarketOption: first.market },
  ];
  const [chosen] = await chooseMembers(group, old, { toTerminate, cause: 'INSTANCE_REFRESH' }, around);
  if (!chosen) {
    if (around.now() - refresh.progressedAt >= PATIENCE_MS) refresh.status = 'Failed';
    return false;
  }
  refresh.left.delete(chosen.id);
  refresh.progressedAt = around.now();
  await leave(group, chosen, around);
  return true;
}
