import {
  DescribeAutoScalingGroupsCommand,
  type DescribeAutoScalingGroupsCommandInput,
  DescribeInstanceRefreshesCommand,
  DescribeScalingActivitiesCommand,
  type AutoScalingGroup as SdkAutoScalingGroup,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { type DescribedMixedGroup, fallBackTags } from '../domain/mixed-group.ts';
import { autoScaling } from './auto-scaling.ts';

const MAX_GROUP_NAMES = 50;
/** Auto Scaling tries again about every minute, so this is more than happens between two sweeps. */
const MAX_ACTIVITIES = 50;

/** The groups with these names that have opted in and have a mixed instances policy. */
export async function describeOptedIn(
  names: readonly string[],
  signal: AbortSignal,
): Promise<DescribedMixedGroup[]> {
  const found = await mapLimit(chunk([...new Set(names)], MAX_GROUP_NAMES), 2, (some) =>
    describePages({ AutoScalingGroupNames: [...some] }, signal),
  );
  return found.flat().filter(({ tags }) => tags[fallBackTags.optIn] === 'true');
}

/** All groups that have opted in and have a mixed instances policy. */
export function describeAllOptedIn(signal: AbortSignal): Promise<DescribedMixedGroup[]> {
  return describePages({ Filters: [{ Name: `tag:${fallBackTags.optIn}`, Values: ['true'] }] }, signal);
}

interface FailedActivity {
  readonly message: string;
  readonly at: number;
}

/** The failed launches of a group among its last activities, the newest first. */
export async function readFailedLaunches(group: string, signal: AbortSignal): Promise<FailedActivity[]> {
  const command = new DescribeScalingActivitiesCommand({
    AutoScalingGroupName: group,
    MaxRecords: MAX_ACTIVITIES,
  });
  const { Activities = [] } = await autoScaling.send(command, { abortSignal: signal });
  return Activities.filter(
    ({ Description, StatusCode }) => StatusCode === 'Failed' && Description?.startsWith('Launching'),
  ).map(({ StartTime, StatusMessage = '' }) => ({
    message: StatusMessage,
    at: StartTime?.getTime() ?? 0,
  }));
}

const RUNNING_REFRESH = /^(Pending|InProgress|Baking|Cancelling|RollbackInProgress)$/;

export async function isRefreshing(group: string, signal: AbortSignal): Promise<boolean> {
  const command = new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, MaxRecords: 1 });
  const { InstanceRefreshes = [] } = await autoScaling.send(command, { abortSignal: signal });
  return InstanceRefreshes.some(({ Status = '' }) => RUNNING_REFRESH.test(Status));
}

/** Sends only the distribution, so the launch template stays and the caller needs no permission for it. */
export async function updateDistribution(
  group: string,
  members: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<void> {
  const command = new UpdateAutoScalingGroupCommand({
    AutoScalingGroupName: group,
    MixedInstancesPolicy: { InstancesDistribution: members },
  });
  await autoScaling.send(command, { abortSignal: signal });
}

function describePages(
  input: DescribeAutoScalingGroupsCommandInput,
  signal: AbortSignal,
): Promise<DescribedMixedGroup[]> {
  return paginate<DescribedMixedGroup, string>(async (next) => {
    const command = new DescribeAutoScalingGroupsCommand({ ...input, ...(next && { NextToken: next }) });
    const { AutoScalingGroups = [], NextToken } = await autoScaling.send(command, { abortSignal: signal });
    return { items: AutoScalingGroups.flatMap((group) => toMixedGroup(group) ?? []), next: NextToken };
  });
}

function toMixedGroup(group: SdkAutoScalingGroup): DescribedMixedGroup | undefined {
  const { InstancesDistribution: distribution, LaunchTemplate } = group.MixedInstancesPolicy ?? {};
  if (!group.MixedInstancesPolicy) return undefined;
  return {
    name: group.AutoScalingGroupName ?? '',
    desired: group.DesiredCapacity ?? 0,
    distribution: { ...distribution },
    kinds: (LaunchTemplate?.Overrides ?? []).flatMap(({ InstanceType: instanceType, WeightedCapacity }) =>
      instanceType ? [{ instanceType, weight: Number(WeightedCapacity ?? 1) }] : [],
    ),
    suspendedProcesses: (group.SuspendedProcesses ?? []).map(({ ProcessName = '' }) => ProcessName),
    hasSegments: (distribution?.DistributionSegments ?? []).length > 0,
    countsInstances: (group.DesiredCapacityType ?? 'units') === 'units',
    tags: Object.fromEntries((group.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    members: (group.Instances ?? []).map((instance) => ({
      instanceId: instance.InstanceId ?? '',
      weight: Number(instance.WeightedCapacity ?? 1),
      lifecycleState: instance.LifecycleState ?? '',
    })),
  };
}
