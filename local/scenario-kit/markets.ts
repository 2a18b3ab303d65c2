import {
  AutoScalingClient,
  type AutoScalingGroup,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingState, Group, Member } from '../account/services/autoscaling/model.ts';
import { emulatedState } from './emulated-state.ts';
import type { Tags } from './fleet.ts';
import type { World } from './world.ts';

// Building blocks for scenarios: Auto Scaling groups in markets that dry up and come back.

export interface MixedGroupInput {
  readonly name: string;
  readonly size: number;
  readonly tags?: Tags;
  readonly onDemandBase?: number;
  readonly percentage?: number;
  /** In the order of their priority. */
  readonly types?: readonly string[];
}

/** Creates a group with Spot and On-Demand Instances. */
export async function createMixedGroup(
  world: World,
  input: MixedGroupInput,
  overrides: Partial<CreateAutoScalingGroupCommandInput> = {},
): Promise<void> {
  const { name, size, tags = {}, types = ['m5.large', 'c5.large'] } = input;
  const command = new CreateAutoScalingGroupCommand({
    AutoScalingGroupName: name,
    MinSize: 0,
    MaxSize: size + 20,
    DesiredCapacity: size,
    AvailabilityZones: ['eu-west-1a', 'eu-west-1b'],
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateName: name, Version: '$Latest' },
        Overrides: types.map((InstanceType) => ({ InstanceType })),
      },
      InstancesDistribution: {
        OnDemandBaseCapacity: input.onDemandBase ?? 0,
        OnDemandPercentageAboveBaseCapacity: input.percentage ?? 0,
        SpotAllocationStrategy: 'price-capacity-optimized',
      },
    },
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value, ResourceId: name })),
    ...overrides,
  });
  await world.client(AutoScalingClient).send(command);
}

export async function describeGroup(world: World, name: string): Promise<AutoScalingGroup | undefined> {
  const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
  const { AutoScalingGroups } = await world.client(AutoScalingClient).send(command);
  return AutoScalingGroups?.[0];
}

/** A person changes the part of the group that must be On-Demand. */
export async function setOnDemandBase(world: World, name: string, base: number): Promise<void> {
  const group = await describeGroup(world, name);
  const distribution = { ...group?.MixedInstancesPolicy?.InstancesDistribution, OnDemandBaseCapacity: base };
  const command = new UpdateAutoScalingGroupCommand({
    AutoScalingGroupName: name,
    MixedInstancesPolicy: { InstancesDistribution: distribution },
  });
  await world.client(AutoScalingClient).send(command);
}

/** From now on, so many instances of each matching pool can run. @param pool `<type>/<zone>/<market>`, `*` for any */
export function setPoolCapacity(world: World, pool: string, capacity: number): void {
  markets(world).script.push({ at: world.clock.now(), pool, capacity });
}

/** Sets the events of launches aside (`held`), loses them, or sends them at once. */
export function setEventDelivery(world: World, delivery: AutoScalingState['eventDelivery']): void {
  markets(world).eventDelivery = delivery;
}

export async function releaseEvents(world: World): Promise<void> {
  await markets(world).releaseEvents();
}

/** EC2 terminates Spot Instances of the group two minutes from now. @returns their ids */
export function announceInterruptions(world: World, group: string, count: number): string[] {
  const some = spotMembers(world, group).slice(0, count);
  for (const member of some) member.interruptedAt = world.clock.now() + 120_000;
  return some.map(({ id }) => id);
}

/** Lets all groups act, as Auto Scaling does from time to time. */
export async function wakeGroups(world: World): Promise<void> {
  await markets(world).wake();
}

/** How many instances of each market are in service. */
export function countMarkets(
  world: World,
  group: string,
): { readonly spot: number; readonly onDemand: number } {
  const members = [...groupOf(world, group).members.values()].filter(({ state }) => state === 'InService');
  const spot = members.filter(({ market }) => market === 'spot').length;
  return { spot, onDemand: members.length - spot };
}

export function markets(world: World): AutoScalingState {
  return emulatedState(world, 'autoscaling');
}

function spotMembers(world: World, group: string): Member[] {
  return [...groupOf(world, group).members.values()].filter(
    ({ interruptedAt, market }) => market === 'spot' && interruptedAt === undefined,
  );
}

function groupOf(world: World, name: string): Group {
  const group = markets(world).groups.get(name);
  if (!group) throw new Error(`There is no mixed group ${name}.`);
  return group;
}
