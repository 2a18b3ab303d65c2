import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  DetachInstancesCommand,
  SetInstanceProtectionCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { Group } from '../domain/instance.ts';
import { callWithoutRefused } from './refused-items.ts';

const autoScaling = createClient(AutoScalingClient, { deadlineMs: 12_000 });

/** Group names a describe takes, and ids that the three changes take in one call. */
const NAMES = 50;
const PROTECT = 50;
const DETACH = 20;
const TERMINATE = 100;

export async function describeGroups(
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Group>> {
  const pages = await mapLimit(chunk([...new Set(names)], NAMES), 2, (some) => describePage(some, signal));
  return new Map(pages.flat().map((group) => [group.name, group]));
}

export async function hasTerminatingHook(group: string, signal: AbortSignal): Promise<boolean> {
  const command = new DescribeLifecycleHooksCommand({ AutoScalingGroupName: group });
  const { LifecycleHooks } = await autoScaling.send(command, { abortSignal: signal });
  return (LifecycleHooks ?? []).some(
    (hook) => hook.LifecycleTransition === 'autoscaling:EC2_INSTANCE_TERMINATING',
  );
}

/** @returns the ids that had left the group meanwhile: nothing was left to do for them */
export function setProtection(
  group: string,
  ids: readonly string[],
  isProtected: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  return forMembers(ids, PROTECT, (some) =>
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

/** Takes instances out of the group, which launches replacements at once and runs no hooks. @returns as setProtection */
export function detach(group: string, ids: readonly string[], signal: AbortSignal): Promise<string[]> {
  return forMembers(ids, DETACH, (some) =>
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

/** Has the group terminate instances through their hooks and launch replacements. @returns as setProtection */
export function terminate(group: string, ids: readonly string[], signal: AbortSignal): Promise<string[]> {
  return forMembers(ids, TERMINATE, (some) =>
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

async function forMembers(
  ids: readonly string[],
  most: number,
  call: (ids: readonly string[]) => Promise<unknown>,
): Promise<string[]> {
  const left = await mapLimit(chunk(ids, most), 2, (some) =>
    callWithoutRefused(some, call, { isRefusal: hasLeft, callsAtOnce: 2 }),
  );
  return left.flat().map(({ item }) => item);
}

/** "is not part of Auto Scaling group", "is not in InService or Standby": what was asked for is done already. */
function hasLeft(error: unknown): boolean {
  return (
    hasName(error, 'ValidationError') &&
    error instanceof Error &&
    /not part of|not in InService|not found|does not belong|not in a valid state/i.test(error.message)
  );
}

function describePage(names: readonly string[], signal: AbortSignal): Promise<Group[]> {
  return paginate<Group, string>(async (next) => {
    const input = { AutoScalingGroupNames: [...names], ...(next && { NextToken: next }) };
    const command = new DescribeAutoScalingGroupsCommand(input);
    const { AutoScalingGroups = [], NextToken } = await autoScaling.send(command, { abortSignal: signal });
    return { items: AutoScalingGroups.map(toGroup), next: NextToken };
  });
}

function toGroup(group: AutoScalingGroup): Group {
  return {
    name: group.AutoScalingGroupName ?? '',
    capacityRebalance: group.CapacityRebalance ?? false,
    targetGroupArns: group.TargetGroupARNs ?? [],
    members: new Map(
      (group.Instances ?? []).map((instance) => [
        instance.InstanceId ?? '',
        {
          lifecycleState: instance.LifecycleState ?? 'unknown',
          protectedFromScaleIn: instance.ProtectedFromScaleIn ?? false,
        },
      ]),
    ),
  };
}
