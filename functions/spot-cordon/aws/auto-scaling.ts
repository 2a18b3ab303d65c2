import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  DetachInstancesCommand,
  type AutoScalingGroup as SdkAutoScalingGroup,
  SetInstanceProtectionCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { AutoScalingGroup } from '../domain/instance.ts';
import { tagKeys } from '../domain/scope.ts';
import { callWithoutRefused } from './refused-items.ts';

export const autoScaling = createClient(AutoScalingClient, { deadlineMs: 12_000 });

/** Amazon ECS tags the groups of its capacity providers. */
const ECS_TAG = 'AmazonECSManaged';

/** How many names or ids a describe call takes, and how many instance ids each change takes. */
const MAX_GROUP_NAMES = 50;
const MAX_MEMBERS = 50;
const MAX_PROTECTED = 50;
const MAX_DETACHED = 20;
const MAX_TERMINATED = 100;

export async function describeGroups(
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, AutoScalingGroup>> {
  const pages = await mapLimit(chunk([...new Set(names)], MAX_GROUP_NAMES), 2, (some) =>
    describePages(some, signal),
  );
  return new Map(pages.flat().map((group) => [group.name, group]));
}

/** @returns the ids of the instances that are in any group, each with the group's name */
export async function readMemberships(
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const found = await mapLimit(chunk(ids, MAX_MEMBERS), 2, async (some) => {
    const command = new DescribeAutoScalingInstancesCommand({ InstanceIds: [...some] });
    const { AutoScalingInstances = [] } = await autoScaling.send(command, { abortSignal: signal });
    return AutoScalingInstances;
  });
  return new Map(
    found.flat().map(({ InstanceId = '', AutoScalingGroupName = '' }) => [InstanceId, AutoScalingGroupName]),
  );
}

export async function hasTerminatingHook(group: string, signal: AbortSignal): Promise<boolean> {
  const command = new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group });
  const { LifecycleHooks } = await autoScaling.send(command, { abortSignal: signal });
  return (LifecycleHooks ?? []).some(
    (hook) => hook.LifecycleTransition === 'autoscaling:EC2_INSTANCE_TERMINATING',
  );
}

/** @returns the ids that are no longer in service in the group, so that the change is not needed */
export function setScaleInProtection(
  group: string,
  ids: readonly string[],
  isProtected: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  return changeMembers(ids, MAX_PROTECTED, (some) =>
    autoScaling.send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName: group,
        InstanceIds: [...some],
        ProtectedFromScaleIn: isProtected,
      }),
      { abortSignal: signal },
    ),
  );
}

/**
 * Removes instances from the group, which launches replacements at once and runs no hooks.
 *
 * @returns as setScaleInProtection
 */
export function detachInstances(
  group: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  return changeMembers(ids, MAX_DETACHED, (some) =>
    autoScaling.send(
      new DetachInstancesCommand({
        AutoScalingGroupName: group,
        InstanceIds: [...some],
        ShouldDecrementDesiredCapacity: false,
      }),
      { abortSignal: signal },
    ),
  );
}

/**
 * Makes the group run its hooks, terminate the instances and launch replacements.
 *
 * @returns as setScaleInProtection
 */
export function terminateInstances(
  group: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  return changeMembers(ids, MAX_TERMINATED, (some) =>
    autoScaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        AutoScalingGroupName: group,
        InstanceIds: [...some],
        ShouldDecrementDesiredCapacity: false,
      }),
      { abortSignal: signal },
    ),
  );
}

async function changeMembers(
  ids: readonly string[],
  maxIds: number,
  call: (ids: readonly string[]) => Promise<unknown>,
): Promise<string[]> {
  const refused = await mapLimit(chunk(ids, maxIds), 2, (some) =>
    callWithoutRefused(some, call, { isRefusal: hasLeftGroup, callsAtOnce: 2 }),
  );
  return refused.flat().map(({ item }) => item);
}

/** For example "is not part of Auto Scaling group" or "is not in InService or Standby". */
function hasLeftGroup(error: unknown): boolean {
  return (
    hasName(error, 'ValidationError') &&
    error instanceof Error &&
    /not part of|not in InService|not found|does not belong|not in a valid state/i.test(error.message)
  );
}

function describePages(names: readonly string[], signal: AbortSignal): Promise<AutoScalingGroup[]> {
  return paginate<AutoScalingGroup, string>(async (next) => {
    const input = { AutoScalingGroupNames: [...names], ...(next && { NextToken: next }) };
    const command = new DescribeAutoScalingGroupsCommand(input);
    const { AutoScalingGroups = [], NextToken } = await autoScaling.send(command, { abortSignal: signal });
    return { items: AutoScalingGroups.map(toGroup), next: NextToken };
  });
}

function toGroup(group: SdkAutoScalingGroup): AutoScalingGroup {
  const hookToComplete = (group.Tags ?? []).find(({ Key }) => Key === tagKeys.completeHook)?.Value;
  return {
    name: group.AutoScalingGroupName ?? '',
    hasCapacityRebalancing: group.CapacityRebalance ?? false,
    isManagedByEcs: (group.Tags ?? []).some(({ Key }) => Key === ECS_TAG),
    suspendedProcesses: (group.SuspendedProcesses ?? []).map(({ ProcessName = '' }) => ProcessName),
    targetGroupArns: group.TargetGroupARNs ?? [],
    loadBalancerNames: group.LoadBalancerNames ?? [],
    ...(hookToComplete && { hookToComplete }),
    members: new Map(
      (group.Instances ?? []).map((instance) => [
        instance.InstanceId ?? '',
        {
          lifecycleState: instance.LifecycleState ?? 'unknown',
          isProtected: instance.ProtectedFromScaleIn ?? false,
        },
      ]),
    ),
  };
}
