import { recordActivity } from './activities.ts';
import { launchFailures } from './failures.ts';
import { settleHooks, startLaunchHooks } from './hooks.ts';
import {
  type AutoScalingState,
  activeMembers,
  capacityOf,
  type Group,
  type Market,
  type Member,
  onDemandTarget,
  type Pool,
  type Surroundings,
} from './model.ts';
import { freeCapacity, freeQuota } from './pools.ts';
import { refreshInstances } from './refresh.ts';
import { removeSurplus } from './scale-in.ts';

/** One turn launches at most what is missing, so a few turns are enough for replacements and scale-in. */
const maxTurns = 12;

/** Lets the group act until nothing changes: one attempt for each launch that fails. */
export async function reconcile(state: AutoScalingState, group: Group, around: Surroundings): Promise<void> {
  const failed = new Set<string>();
  for (let turn = 0; turn < maxTurns; turn += 1) {
    await reclaim(group, around);
    await settleHooks(group, around);
    await serve(group, around);
    const changed = [
      await launchMissing(state, group, around, failed),
      await removeSurplus(group, around),
      await refreshInstances(group, around),
    ];
    if (!changed.includes(true)) return;
  }
}

/** EC2 terminates interrupted instances; a hook cannot delay it. */
async function reclaim(group: Group, around: Surroundings): Promise<void> {
  for (const member of group.members.values()) {
    if ((member.interruptedAt ?? Number.POSITIVE_INFINITY) > around.now()) continue;
    group.members.delete(member.id);
    await around.terminate(group, [member.id]);
    recordActivity(group, around.now(), {
      description: `Terminating EC2 instance: ${member.id}`,
      zone: member.zone,
    });
  }
}

/** Pending instances come into service. */
async function serve(group: Group, around: Surroundings): Promise<void> {
  for (const member of group.members.values()) {
    if (member.state !== 'Pending' || member.readyAt > around.now()) continue;
    member.state = 'InService';
    const activity = recordActivity(group, around.now(), {
      description: `Launching a new EC2 instance: ${member.id}`,
      zone: member.zone,
    });
    await around.report(group, activity, {
      event: 'EC2 Instance Launch Successful',
      instanceId: member.id,
      zone: member.zone,
    });
  }
}

interface Wanted {
  readonly market: Market;
  readonly capacity: number;
}

/** What to launch now: On-Demand first, then Spot, and beyond the desired capacity only to exchange a tenth of it. */
function wantedLaunches(group: Group): Wanted[] {
  const active = activeMembers(group);
  const target = onDemandTarget(group);
  const margin = Math.max(1, Math.ceil(group.desired / 10));
  const missing: Wanted[] = [
    { market: 'on-demand', capacity: target - capacityOf(active, 'on-demand') },
    { market: 'spot', capacity: group.desired - target - capacityOf(active, 'spot') },
  ];
  let room = group.desired + margin - capacityOf(active);
  return missing
    .map(({ market, capacity }) => {
      const now = Math.max(0, Math.min(capacity, room));
      room -= now;
      return { market, capacity: now };
    })
    .filter(({ capacity }) => capacity > 0);
}

async function launchMissing(
  state: AutoScalingState,
  group: Group,
  around: Surroundings,
  failed: Set<string>,
): Promise<boolean> {
  if (group.suspended.has('Launch')) return false;
  let launched = false;
  for (const { market, capacity } of wantedLaunches(group)) {
    if (failed.has(market)) continue;
    const left = await launchInZones({ state, group, around, market }, capacity);
    if (left < capacity) launched = true;
    if (left > 0) failed.add(market);
  }
  return launched;
}

interface Attempt {
  readonly state: AutoScalingState;
  readonly group: Group;
  readonly around: Surroundings;
  readonly market: Market;
}

/** Tries one zone after the other. @returns the capacity that could not be launched */
async function launchInZones(attempt: Attempt, capacity: number): Promise<number> {
  const { group, market } = attempt;
  const counts = Map.groupBy(activeMembers(group), ({ zone }) => zone);
  const zones = group.zones.toSorted((a, b) => (counts.get(a)?.length ?? 0) - (counts.get(b)?.length ?? 0));
  let left = capacity;
  for (const [index, zone] of zones.entries()) {
    // A balanced share for each zone; the last one takes what the others could not.
    const share = index === zones.length - 1 ? left : Math.ceil(left / (zones.length - index));
    const missing = await launchInZone(attempt, zone, share);
    left -= share - missing;
    if (missing > 0) await fail(attempt, { type: group.kinds[0]?.type ?? '', zone, market });
  }
  return left;
}

/** @returns the capacity that could not be launched */
async function launchInZone(attempt: Attempt, zone: string, capacity: number): Promise<number> {
  const { around, group, market } = attempt;
  let left = capacity;
  for (;;) {
    const [best] = poolsOf(attempt, zone);
    if (!best || left <= 0) return Math.max(0, left);
    const count = Math.min(Math.ceil(left / best.weight), best.free);
    const ids = await around.launch(group, { type: best.type, zone, market }, count);
    for (const id of ids)
      await addMember(attempt, { id, zone, market, type: best.type, weight: best.weight });
    left -= count * best.weight;
  }
}

/** Pools with room: for Spot the one with most capacity first, for On-Demand the one of the highest priority. */
function poolsOf({ around, group, market, state }: Attempt, zone: string) {
  const quota = state.launchError === undefined ? freeQuota(state, market) : 0;
  const pools = group.kinds
    .map((kind) => ({
      ...kind,
      free: Math.min(quota, freeCapacity(state, { type: kind.type, zone, market }, around.now())),
    }))
    .filter(({ free }) => free > 0);
  return market === 'spot' ? pools.toSorted((a, b) => (a.free === b.free ? 0 : b.free - a.free)) : pools;
}

type NewMember = Pick<Member, 'id' | 'market' | 'type' | 'weight' | 'zone'>;

async function addMember({ around, group, state }: Attempt, one: NewMember): Promise<void> {
  const launchedAt = around.now();
  const member: Member = {
    ...one,
    launchedAt,
    readyAt: launchedAt + state.bootMs,
    state: 'Pending',
    isProtected: group.settings['NewInstancesProtectedFromScaleIn'] === 'true',
    waits: [],
  };
  group.members.set(one.id, member);
  await startLaunchHooks(group, member, around);
}

async function fail({ around, group, state }: Attempt, pool: Pool): Promise<void> {
  const activity = recordActivity(group, around.now(), {
    description: 'Launching a new EC2 instance.',
    zone: pool.zone,
    failure: failureText(state, pool),
  });
  await around.report(group, activity, {
    event: 'EC2 Instance Launch Unsuccessful',
    instanceId: '',
    zone: pool.zone,
  });
}

function failureText(state: AutoScalingState, pool: Pool): string {
  const isSpot = pool.market === 'spot';
  if (state.launchError !== undefined) return state.launchError;
  if (freeQuota(state, pool.market) === 0)
    return isSpot ? launchFailures.spotQuota() : launchFailures.onDemandQuota();
  return isSpot ? launchFailures.noSpotCapacity() : launchFailures.noOnDemandCapacity(pool);
}
