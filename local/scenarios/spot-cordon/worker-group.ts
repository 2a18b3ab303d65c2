import { AutoScalingClient, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Group, Member } from '../../account/services/autoscaling/model.ts';
import { createMixedGroup, describeGroup, markets, wakeGroups } from '../../scenario-kit/markets.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { rebalanceRecommendation } from './events.ts';
import { MANAGED } from './fleet.ts';
import { sendHeartbeat } from './workers.ts';

// A group that asks ChooseTerminations, with workers that say when they are busy.

export const POLICY_GROUP = 'policy-workers';

/** The instances by what they were at the start; others were launched since. */
export interface Roles {
  readonly cordoned: readonly string[];
  readonly busy: readonly string[];
  readonly idle: readonly string[];
}

interface Sizes {
  readonly cordoned?: number;
  readonly busy?: number;
  readonly idle?: number;
  readonly zones?: readonly string[];
}

/** Each kind takes its instances from the zones in turn. Busy workers began a minute apart, the first one first. */
export async function createPolicyGroup(world: World, sizes: Sizes): Promise<Roles> {
  const { busy = 0, cordoned = 0, idle = 0, zones = ['eu-west-1a'] } = sizes;
  const functionArn = `arn:aws:lambda:${world.region}:${world.accountId}:function:${world.ref('ChooseTerminations')}`;
  await createMixedGroup(
    world,
    { name: POLICY_GROUP, size: busy + cordoned + idle, tags: MANAGED },
    { AvailabilityZones: [...zones], TerminationPolicies: [functionArn] },
  );
  const left = inTurns(membersOf(world));
  const roles = {
    cordoned: left.splice(0, cordoned),
    busy: left.splice(0, busy),
    idle: left,
  };
  await world.put(...roles.cordoned.map((id) => rebalanceRecommendation(world, id)));
  await world.settle();
  for (const [index, id] of roles.busy.entries()) await sayBusy(world, id, 30 - index);
  return roles;
}

function inTurns(members: readonly Member[]): string[] {
  const zones = [...Map.groupBy(members, ({ zone }) => zone).values()];
  const longest = Math.max(...zones.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) => zones.flatMap((some) => some[at]?.id ?? [])).flat();
}

/** A worker of the group sends its heartbeat. */
export async function sayBusy(world: World, id: string, minutes: number): Promise<void> {
  await sendHeartbeat(world, { group: POLICY_GROUP, id }, minutes);
}

/** Auto Scaling asks once. */
export async function scaleIn(world: World, count: number): Promise<void> {
  const group = await describeGroup(world, POLICY_GROUP);
  const DesiredCapacity = (group?.DesiredCapacity ?? 0) - count;
  const command = new SetDesiredCapacityCommand({ AutoScalingGroupName: POLICY_GROUP, DesiredCapacity });
  await world.client(AutoScalingClient).send(command);
}

/** Auto Scaling asks again and again while capacity is left to terminate. */
export async function askAgain(world: World): Promise<void> {
  for (let asked = 0; asked < 3; asked += 1) await wakeGroups(world);
}

export interface ObservedGroup {
  /** What is left of each kind. */
  readonly cordoned: number;
  readonly busy: number;
  readonly idle: number;
  readonly launched: number;
  readonly refresh: string | undefined;
  readonly isWaiting: boolean;
}

async function observeGroup(world: World, roles: Roles): Promise<Outcome> {
  const ids = new Set(membersOf(world).map(({ id }) => id));
  const left = (some: readonly string[]): number => some.filter((id) => ids.has(id)).length;
  const { Items = [] } = await world
    .client(DynamoDBClient)
    .send(new ScanCommand({ TableName: world.ref('Workers') }));
  const counts = { cordoned: left(roles.cordoned), busy: left(roles.busy), idle: left(roles.idle) };
  const state: ObservedGroup = {
    ...counts,
    launched: ids.size - counts.cordoned - counts.busy - counts.idle,
    refresh: policyGroup(world)?.refreshes[0]?.status,
    isWaiting: Items.some((item) => item['instanceId']?.S?.startsWith('waiting/') && !item['answered']),
  };
  return { state, effects: [] };
}

export function groupOf({ state }: Outcome): ObservedGroup {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observeGroup` created it
  return state as ObservedGroup;
}

export function membersOf(world: World): readonly Member[] {
  return [...(policyGroup(world)?.members.values() ?? [])];
}

function policyGroup(world: World): Group | undefined {
  return markets(world).groups.get(POLICY_GROUP);
}

type Parts = Omit<Scenario<Roles>, 'name' | 'observe' | 'wing'>;

export function terminationScenario(name: string, parts: Parts): Scenario<Roles> {
  return { wing: 'spot-cordon', name, observe: observeGroup, ...parts };
}
