import type { Cordon } from './cordon-record.ts';
import type { Group, Instance } from './instance.ts';
import { tagKeys } from './scope.ts';

/** How Auto Scaling is made to launch a replacement, or why it is not. */
export type Replacement =
  | { readonly by: 'detach' | 'terminate'; readonly group: string }
  | { readonly by: 'nobody'; readonly why: string };

/** Whether a replacement is asked for at all; only then the group and its hooks are worth a look. */
export function wantsReplacement(cordon: Cordon, instance: Instance | undefined): boolean {
  return (
    cordon.severity === 'interruption' &&
    cordon.action === 'terminate' &&
    instance?.tags[tagKeys.replace] === 'true'
  );
}

/**
 * With Capacity Rebalancing the group launches first and terminates later by itself: a second replacement would be
 * one too many. A terminating hook only runs when Auto Scaling terminates; detaching skips it, and is quicker.
 */
export function chooseReplacement(
  instanceId: string,
  group: Group | undefined,
  hasTerminatingHook: boolean,
): Replacement {
  const member = group?.members.get(instanceId);
  if (!group || !member) return { by: 'nobody', why: 'in no Auto Scaling group' };
  if (group.capacityRebalance) return { by: 'nobody', why: 'Capacity Rebalancing replaces it' };
  if (member.lifecycleState !== 'InService' && member.lifecycleState !== 'Standby') {
    return { by: 'nobody', why: `is ${member.lifecycleState} already` };
  }
  return { by: hasTerminatingHook ? 'terminate' : 'detach', group: group.name };
}
