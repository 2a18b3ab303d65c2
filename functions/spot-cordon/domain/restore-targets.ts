import type { CordonRecord, DrainedTargets } from './cordon-record.ts';
import type { AutoScalingGroup } from './instance.ts';

/** What is known about the place that an instance left. */
export interface RestoreFacts {
  /** The Auto Scaling group of then, as it is now. */
  readonly group?: AutoScalingGroup | undefined;
  /** The ids of the targets that the target group has now. Undefined if the target group no longer exists. */
  readonly registered?: ReadonlySet<string> | undefined;
}

/**
 * Why targets are not registered again. The world may have changed since: a blue/green deployment moved the group to
 * other target groups, or somebody put the instance on standby or detached it.
 *
 * @returns undefined if they are to be registered
 */
export function notRestoredReason(
  record: Pick<CordonRecord, 'instanceId' | 'group'>,
  drained: Pick<DrainedTargets, 'targetGroupArn' | 'isOfGroup' | 'otherIds'>,
  { group, registered }: RestoreFacts,
): string | undefined {
  const outOfService = outOfServiceReason(record, group);
  if (outOfService !== undefined) return outOfService;
  if (drained.isOfGroup)
    return group?.targetGroupArns.includes(drained.targetGroupArn)
      ? undefined
      : 'the Auto Scaling group no longer uses the target group';
  const { otherIds = [] } = drained;
  const isStillUsed = otherIds.length === 0 || otherIds.some((id) => registered?.has(id));
  return isStillUsed ? undefined : 'none of the other targets of then is registered any more';
}

/** As notRestoredReason, for a Classic Load Balancer. */
export function notRestoredClassicReason(
  record: Pick<CordonRecord, 'instanceId' | 'group' | 'drainedLoadBalancersOfGroup'>,
  name: string,
  group: AutoScalingGroup | undefined,
): string | undefined {
  const outOfService = outOfServiceReason(record, group);
  if (outOfService !== undefined) return outOfService;
  const isOfGroup = record.drainedLoadBalancersOfGroup?.includes(name) === true;
  const isStillUsed = !isOfGroup || group?.loadBalancerNames.includes(name) === true;
  return isStillUsed ? undefined : 'the Auto Scaling group no longer uses the load balancer';
}

/** @returns undefined if the instance is in service in its group, or was in no group */
export function outOfServiceReason(
  { instanceId, group: name }: Pick<CordonRecord, 'instanceId' | 'group'>,
  group: AutoScalingGroup | undefined,
): string | undefined {
  if (name === undefined) return undefined;
  const member = group?.members.get(instanceId);
  if (!member) return 'the instance has left its Auto Scaling group';
  return member.lifecycleState === 'InService' ? undefined : `the instance is ${member.lifecycleState}`;
}
