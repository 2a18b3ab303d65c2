import { list, type Mapping, mapping } from '../../../json.ts';
import type { Activity, Group, Member } from './model.ts';

// How the API describes groups, members and activities.

export function describeGroup(group: Group): Mapping {
  const { DesiredCapacity: _, LaunchTemplate, ...settings } = group.settings;
  return {
    ...settings,
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    MixedInstancesPolicy: { LaunchTemplate, InstancesDistribution: group.distribution },
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: group.zones,
    HealthCheckType: 'EC2',
    Instances: [...group.members.values()].map((member) => describeMember(group, member)),
    CreatedTime: new Date(group.createdAt),
    SuspendedProcesses: [...group.suspended].map((ProcessName) => ({ ProcessName })),
    Tags: [...group.tags].map(([Key, Value]) => ({ Key, Value, ResourceId: group.name })),
    TerminationPolicies: group.terminationPolicies,
  };
}

function describeMember(group: Group, member: Member): Mapping {
  const hasWeights = group.kinds.some(({ weight }) => weight !== 1);
  return {
    InstanceId: member.id,
    InstanceType: member.type,
    AvailabilityZone: member.zone,
    LifecycleState: member.state,
    HealthStatus: 'Healthy',
    ProtectedFromScaleIn: member.isProtected,
    ...(hasWeights && { WeightedCapacity: String(member.weight) }),
  };
}

export function describeMembership(group: Group, member: Member): Mapping {
  return { ...describeMember(group, member), AutoScalingGroupName: group.name };
}

export function describeActivity(group: Group, activity: Activity): Mapping {
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startedAt),
    EndTime: new Date(activity.startedAt),
    StatusCode: activity.status,
    StatusMessage: activity.message,
    Progress: 100,
    Details: activity.details,
  };
}

/** Filters of DescribeAutoScalingGroups: `tag:<key>`, `tag-key` and `tag-value`. All must match. */
export function matchesFilters(tags: ReadonlyMap<string, string>, filters: unknown): boolean {
  return list(filters)
    .map(mapping)
    .every(({ Name, Values }) => {
      const values = list(Values).map(String);
      if (Name === 'tag-key') return values.some((key) => tags.has(key));
      if (Name === 'tag-value') return [...tags.values()].some((value) => values.includes(value));
      return values.includes(tags.get(String(Name).replace(/^tag:/, '')) ?? '');
    });
}
