import { reconcile } from '../../local/account/services/autoscaling/engine.ts';
import { createGroup } from '../../local/account/services/autoscaling/groups.ts';
import {
  type AutoScalingState,
  activeMembers,
  capacityOf,
  createState,
  type Group,
  type Member,
  onDemandTarget,
  type Surroundings,
} from '../../local/account/services/autoscaling/model.ts';
import { createRandom, DAY, HOUR, type Market, MINUTE, pools, types, zones } from './market.ts';

export interface SpotEvent {
  readonly kind: 'launch failed' | 'interruption';
  readonly at: number;
  readonly instanceId: string;
  readonly text: string;
}

/** Changes the distribution of the group. */
export interface Strategy {
  readonly name: string;
  /** @param events those that arrived since the last call */
  act(group: Group, events: readonly SpotEvent[], now: number): void;
}

export interface ReplayResult {
  readonly unmetHours: number;
  readonly extraOnDemandHours: number;
  /** Instances in service that the group itself replaced, not counting scale-in. */
  readonly turnedOver: number;
}

const BOOT_MS = 3 * MINUTE;
const WARNING_MS = 2 * MINUTE;
const BASE = 4;

export interface ReplayOptions {
  readonly days: number;
  readonly seed: number;
  /** How many On-Demand instances the quota allows. */
  readonly quota?: number;
}

/** Plays the market, minute by minute. An event arrives within a minute. */
export async function replay(
  market: Market,
  makeStrategy: () => Strategy,
  options: ReplayOptions,
): Promise<ReplayResult> {
  const run = startRun(market, makeStrategy(), options);
  for (let now = 0; now < options.days * DAY; now += MINUTE) await playMinute(run, market, now);
  const { extraOnDemandHours, turnedOver, unmetHours } = run;
  return { extraOnDemandHours, turnedOver, unmetHours };
}

interface Run {
  readonly state: AutoScalingState;
  readonly group: Group;
  readonly strategy: Strategy;
  readonly random: () => number;
  /** By pool, where it is limited. */
  readonly capacities: Map<string, number>;
  readonly announced: Set<string>;
  now: number;
  nextId: number;
  events: SpotEvent[];
  terminated: number;
  unmetHours: number;
  extraOnDemandHours: number;
  turnedOver: number;
}

function startRun(market: Market, strategy: Strategy, { quota, seed }: ReplayOptions): Run {
  const state = createState();
  state.bootMs = BOOT_MS;
  if (quota !== undefined) state.quotas['on-demand'] = quota;
  const group = createGroup(
    {
      AutoScalingGroupName: 'workers',
      MinSize: 0,
      MaxSize: 1000,
      DesiredCapacity: market.desiredAt(0),
      AvailabilityZones: [...zones],
      MixedInstancesPolicy: {
        LaunchTemplate: { Overrides: types.map((InstanceType) => ({ InstanceType })) },
        InstancesDistribution: { OnDemandBaseCapacity: BASE, OnDemandPercentageAboveBaseCapacity: 0 },
      },
    },
    0,
    { region: 'eu-west-1', accountId: '123456789012' },
  );
  state.groups.set(group.name, group);
  const counters = {
    now: 0,
    nextId: 0,
    events: [],
    terminated: 0,
    unmetHours: 0,
    extraOnDemandHours: 0,
    turnedOver: 0,
  };
  return {
    state,
    group,
    strategy,
    random: createRandom(seed),
    capacities: new Map(),
    announced: new Set(),
    ...counters,
  };
}

async function playMinute(run: Run, market: Market, now: number): Promise<void> {
  const { group, state, strategy } = run;
  run.now = now;
  applyScript(run, market);
  const before = group.desired;
  group.desired = market.desiredAt(now);
  interrupt(run);
  const arrived = run.events.splice(0);
  strategy.act(group, arrived, now);
  run.terminated = 0;
  await reconcile(state, group, surroundings(run));
  count(run, Math.max(0, before - group.desired));
}

/** The engine reads the whole script for each launch, so it gets only what holds now. */
function applyScript({ capacities, now, state }: Run, { script }: Market): void {
  const changes = script.filter(({ at }) => at > now - MINUTE && at <= now);
  if (changes.length === 0) return;
  for (const { capacity, pool } of changes)
    for (const one of pool.startsWith('*') ? pools : [pool]) capacities.set(one, capacity);
  state.script.splice(
    0,
    state.script.length,
    ...[...capacities].map(([pool, capacity]) => ({ at: 0, pool, capacity })),
  );
}

/** EC2 takes back what a dry pool has too much of, and now and then another instance. */
function interrupt(run: Run): void {
  const { capacities, group, random } = run;
  const spot = activeMembers(group).filter(
    ({ interruptedAt, market }) => market === 'spot' && !interruptedAt,
  );
  const byPool = Map.groupBy(spot, ({ type, zone }) => `${type}/${zone}/spot`);
  for (const [pool, members] of byPool) {
    const surplus = Math.max(0, members.length - (capacities.get(pool) ?? members.length));
    for (const member of members.slice(0, surplus)) announce(run, member);
  }
  for (const member of spot) if (random() < 1 / ((5 * DAY) / MINUTE)) announce(run, member);
}

function announce(run: Run, member: Member): void {
  member.interruptedAt ??= run.now + WARNING_MS;
  run.announced.add(member.id);
  run.events.push({ kind: 'interruption', at: run.now, instanceId: member.id, text: '' });
}

function surroundings(run: Run): Surroundings {
  return {
    now: () => run.now,
    launch: async (_group, _pool, count) =>
      Array.from({ length: count }, () => {
        run.nextId += 1;
        return `i-${run.nextId}`;
      }),
    terminate: async (_group, ids) => {
      run.terminated += ids.filter((id) => !run.announced.has(id)).length;
    },
    report: async (_group, activity, { event, instanceId }) => {
      if (event !== 'EC2 Instance Launch Unsuccessful') return;
      run.events.push({ kind: 'launch failed', at: run.now, instanceId, text: activity.message ?? '' });
    },
    reportHook: async () => {},
    choose: async () => [],
  };
}

function count(run: Run, scaledIn: number): void {
  const { group } = run;
  const active = activeMembers(group);
  const serving = capacityOf(active.filter(({ state }) => state === 'InService'));
  const wanted = onDemandTarget({
    desired: group.desired,
    distribution: { OnDemandBaseCapacity: BASE, OnDemandPercentageAboveBaseCapacity: 0 },
  });
  const hour = MINUTE / HOUR;
  run.unmetHours += Math.max(0, group.desired - serving) * hour;
  run.extraOnDemandHours += Math.max(0, capacityOf(active, 'on-demand') - wanted) * hour;
  run.turnedOver += Math.max(0, run.terminated - scaledIn);
}
