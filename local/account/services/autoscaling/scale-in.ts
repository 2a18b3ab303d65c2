import { leave } from './hooks.ts';
import {
  activeMembers,
  capacityOf,
  type Group,
  type Market,
  type Member,
  onDemandTarget,
  type Surroundings,
} from './model.ts';

/** What a termination policy function is asked. */
interface CapacityToTerminate {
  readonly AvailabilityZone: string;
  readonly Capacity: number;
  readonly InstanceMarketOption: Market;
}

interface Question {
  readonly toTerminate: readonly CapacityToTerminate[];
  readonly cause: 'SCALE_IN' | 'INSTANCE_REFRESH' | 'MAX_INSTANCE_LIFETIME' | 'REBALANCE';
}

/** A request names at most this many candidates. */
const MAX_CANDIDATES = 30_000;

/** Terminates what is beyond the desired capacity, as soon as the rest is in service. */
export async function removeSurplus(group: Group, around: Surroundings): Promise<boolean> {
  if (group.suspended.has('Terminate')) return false;
  const serving = activeMembers(group).filter(({ state }) => state === 'InService');
  const surplus = capacityOf(serving) - group.desired;
  if (surplus <= 0) return false;
  const toTerminate = divideSurplus(group, serving, surplus);
  const chosen = await chooseMembers(group, serving, { toTerminate, cause: 'SCALE_IN' }, around);
  for (const member of chosen) await leave(group, member, around);
  return chosen.length > 0;
}

/** By zone and market: the market above its target first, and there the zone with most instances. */
function divideSurplus(group: Group, serving: readonly Member[], surplus: number): CapacityToTerminate[] {
  const left = serving.filter(({ isProtected }) => !isProtected);
  const counts = new Map<string, CapacityToTerminate>();
  let excess = {
    'on-demand': capacityOf(serving, 'on-demand') - onDemandTarget(group),
    spot: capacityOf(serving, 'spot') - (group.desired - onDemandTarget(group)),
  };
  for (let rest = surplus; rest > 0; ) {
    const market: Market = excess.spot >= excess['on-demand'] ? 'spot' : 'on-demand';
    const member =
      fromFullestZone(left, market) ?? fromFullestZone(left, market === 'spot' ? 'on-demand' : 'spot');
    if (!member || member.weight > rest) break;
    left.splice(left.indexOf(member), 1);
    rest -= member.weight;
    excess = { ...excess, [member.market]: excess[member.market] - member.weight };
    const key = `${member.zone}/${member.market}`;
    const Capacity = (counts.get(key)?.Capacity ?? 0) + member.weight;
    counts.set(key, { AvailabilityZone: member.zone, Capacity, InstanceMarketOption: member.market });
  }
  return [...counts.values()];
}

/** The default termination policy, in short: the fullest zone, and there the oldest instance. */
function fromFullestZone(members: readonly Member[], market: Market): Member | undefined {
  const zones = Map.groupBy(
    members.filter((one) => one.market === market),
    ({ zone }) => zone,
  );
  const [fullest] = [...zones.values()].toSorted((a, b) => b.length - a.length);
  return fullest?.toSorted((a, b) => a.launchedAt - b.launchedAt)[0];
}

/** @param some the members that may go, also those with scale-in protection, which may not */
export async function chooseMembers(
  group: Group,
  some: readonly Member[],
  question: Question,
  around: Surroundings,
): Promise<Member[]> {
  const { toTerminate } = question;
  const candidates = some.filter(({ isProtected }) => !isProtected);
  const functionArn = group.terminationPolicies.find((policy) => policy.startsWith('arn:'));
  if (functionArn === undefined) return pick(candidates, toTerminate);
  const ids = await around.choose(functionArn, toRequest(group, candidates, question));
  const named = ids.flatMap((id) => group.members.get(id) ?? []);
  // If the function names more than enough, the next policy chooses among these.
  return pick(named, toTerminate);
}

/** The request to a termination policy function, in the form of the user guide. */
function toRequest(group: Group, candidates: readonly Member[], { cause, toTerminate }: Question): object {
  return {
    AutoScalingGroupARN: group.arn,
    AutoScalingGroupName: group.name,
    CapacityToTerminate: toTerminate,
    Instances: candidates.slice(0, MAX_CANDIDATES).map(({ id, market, type, zone }) => ({
      AvailabilityZone: zone,
      InstanceId: id,
      InstanceType: type,
      InstanceMarketOption: market,
    })),
    Cause: cause,
    ...(candidates.length > MAX_CANDIDATES && { HasMoreInstances: true }),
  };
}

function pick(members: readonly Member[], toTerminate: readonly CapacityToTerminate[]): Member[] {
  return toTerminate.flatMap(({ AvailabilityZone, Capacity, InstanceMarketOption }) => {
    const own = members
      .filter(({ market, zone }) => zone === AvailabilityZone && market === InstanceMarketOption)
      .toSorted((a, b) => a.launchedAt - b.launchedAt);
    let left = Capacity;
    return own.filter(({ weight }) => {
      if (weight > left) return false;
      left -= weight;
      return true;
    });
  });
}
