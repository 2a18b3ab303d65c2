import type { CordonRecord } from './cordon-record.ts';
import type { AutoScalingGroup, Instance } from './instance.ts';
import { tagKeys } from './scope.ts';

/** How we make Auto Scaling launch a replacement, or why we do not. */
export type Replacement =
  | { readonly kind: 'detach' | 'terminate'; readonly group: string }
  | { readonly kind: 'none'; readonly reason: string };

/** Whether the user wants a replacement. Only then do we read the group and its lifecycle hooks. */
export function shouldReplace(record: CordonRecord, instance: Instance | undefined): boolean {
  return isTermination(record) && instance?.tags[tagKeys.replace] === 'true';
}

export function notReplacedReason(record: CordonRecord): string {
  return isTermination(record) ? 'not requested' : 'not needed: no termination announced';
}

/**
 * With Capacity Rebalancing the group launches a replacement itself, so we must not order a second one. Detaching is
 * quicker but skips terminating lifecycle hooks: these run only if Auto Scaling terminates the instance.
 */
export function chooseReplacement(
  instanceId: string,
  group: AutoScalingGroup | undefined,
  hasTerminatingHook: boolean,
): Replacement {
  const member = group?.members.get(instanceId);
  if (!group || !member) return { kind: 'none', reason: 'in no Auto Scaling group' };
  if (group.hasCapacityRebalancing) return { kind: 'none', reason: 'Capacity Rebalancing replaces it' };
  if (member.lifecycleState !== 'InService' && member.lifecycleState !== 'Standby') {
    return { kind: 'none', reason: `is already ${member.lifecycleState}` };
  }
  return { kind: hasTerminatingHook ? 'terminate' : 'detach', group: group.name };
}

function isTermination({ severity, action }: CordonRecord): boolean {
  return severity === 'interruption' && action === 'terminate';
}
