import { list, type Mapping, mapping } from '../../../json.ts';
import { ServiceError } from '../../response.ts';
import type { AutoScalingState, Group, InstanceKind } from './model.ts';

/** Only these groups are ours; moto has the others. */
export function isOurs(input: Mapping): boolean {
  return input['MixedInstancesPolicy'] !== undefined || texts(input['TerminationPolicies']).some(isFunction);
}

export function createGroup(
  input: Mapping,
  now: number,
  about: { region: string; accountId: string },
): Group {
  const name = String(input['AutoScalingGroupName']);
  const arn = `arn:aws:autoscaling:${about.region}:${about.accountId}:autoScalingGroup:${crypto.randomUUID()}:autoScalingGroupName/${name}`;
  const group: Group = {
    name,
    arn,
    createdAt: now,
    settings: {},
    minSize: 0,
    maxSize: 0,
    desired: 0,
    zones: ['eu-west-1a', 'eu-west-1b'],
    kinds: [{ type: 'm5.large', weight: 1 }],
    distribution: {},
    terminationPolicies: ['Default'],
    tags: new Map(),
    suspended: new Set(),
    hooks: new Map(),
    members: new Map(),
    activities: [],
    refreshes: [],
  };
  updateGroup(group, { DesiredCapacity: input['MinSize'], ...input });
  putTags(group, list(input['Tags']));
  for (const hook of list(input['LifecycleHookSpecificationList'])) putHook(group, mapping(hook));
  return group;
}

/** Members that the request leaves out stay, except inside of a distribution: there they take their defaults. */
export function updateGroup(group: Group, input: Mapping): void {
  const { AutoScalingGroupName: _, MixedInstancesPolicy: policy, Tags: __, ...settings } = input;
  group.settings = { ...group.settings, ...settings };
  group.minSize = Number(input['MinSize'] ?? group.minSize);
  group.maxSize = Number(input['MaxSize'] ?? group.maxSize);
  group.terminationPolicies = texts(input['TerminationPolicies'] ?? group.terminationPolicies);
  const zones = texts(input['AvailabilityZones']);
  if (zones.length > 0) group.zones = zones;
  if (policy !== undefined) updatePolicy(group, mapping(policy));
  const desired = Number(input['DesiredCapacity'] ?? group.desired);
  setDesired(group, Math.min(group.maxSize, Math.max(group.minSize, desired)));
}

function updatePolicy(group: Group, { InstancesDistribution, LaunchTemplate }: Mapping): void {
  if (InstancesDistribution !== undefined) group.distribution = checked(mapping(InstancesDistribution));
  if (LaunchTemplate === undefined) return;
  group.settings = { ...group.settings, LaunchTemplate };
  const kinds = list(mapping(LaunchTemplate)['Overrides']).map(mapping).map(toKind);
  if (kinds.length > 0) group.kinds = kinds;
}

function checked(distribution: Mapping): Mapping {
  const percentage = Number(distribution['OnDemandPercentageAboveBaseCapacity'] ?? 100);
  const base = Number(distribution['OnDemandBaseCapacity'] ?? 0);
  if (!(percentage >= 0 && percentage <= 100) || !(base >= 0))
    throw new ServiceError('ValidationError', 'The instances distribution is invalid.');
  return distribution;
}

function toKind({ InstanceType: type, WeightedCapacity: weight }: Mapping): InstanceKind {
  return { type: String(type), weight: Number(weight ?? 1) };
}

export function setDesired(group: Group, desired: number): void {
  if (desired < group.minSize || desired > group.maxSize) {
    const message = `New SetDesiredCapacity value ${desired} is not between ${group.minSize} and ${group.maxSize} for the AutoScalingGroup ${group.name}.`;
    throw new ServiceError('ValidationError', message);
  }
  group.desired = desired;
}

export function putTags(group: Group, tags: readonly unknown[]): void {
  for (const tag of tags.map(mapping)) group.tags.set(String(tag['Key']), String(tag['Value'] ?? ''));
}

export function putHook(group: Group, hook: Mapping): void {
  const { DefaultResult, HeartbeatTimeout, LifecycleHookName, LifecycleTransition } = hook;
  const name = String(LifecycleHookName);
  const isLaunch = LifecycleTransition === 'autoscaling:EC2_INSTANCE_LAUNCHING';
  group.hooks.set(name, {
    name,
    transition: isLaunch ? 'autoscaling:EC2_INSTANCE_LAUNCHING' : 'autoscaling:EC2_INSTANCE_TERMINATING',
    heartbeatMs: Number(HeartbeatTimeout ?? 3600) * 1000,
    defaultResult: DefaultResult === 'CONTINUE' ? 'CONTINUE' : 'ABANDON',
  });
}

/** The group, or undefined if it is not ours. */
export function findGroup({ groups }: AutoScalingState, input: Mapping): Group | undefined {
  return groups.get(String(input['AutoScalingGroupName']));
}

export function texts(value: unknown): string[] {
  return list(value).map(String);
}

function isFunction(policy: string): boolean {
  return policy.startsWith('arn:');
}
