import type { Mapping } from '../../../json.ts';

export interface Pool {
  readonly type: string;
  readonly zone: string;
  readonly market: Market;
}

/** What the engine needs from the account around it. */
export interface Surroundings {
  now(): number;
  /** Runs instances. @returns their ids */
  launch(group: Group, pool: Pool, count: number): Promise<readonly string[]>;
  terminate(group: Group, ids: readonly string[]): Promise<void>;
  /** Reports the end of an activity as an event. */
  report(
    group: Group,
    activity: Activity,
    about: { readonly event: string; readonly instanceId: string; readonly zone: string },
  ): Promise<void>;
  /** Reports that a hook waits. */
  reportHook(
    group: Group,
    instanceId: string,
    about: { readonly hook: string; readonly token: string; readonly transition: string },
  ): Promise<void>;
  /** Asks a termination policy function. @returns the ids that it chose */
  choose(functionArn: string, request: object): Promise<readonly string[]>;
}

// Auto Scaling groups whose markets can dry up. Groups without a mixed instances policy or a termination policy function
// stay in moto.

export type Market = 'spot' | 'on-demand';

export interface LifecycleHook {
  readonly name: string;
  readonly transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING';
  readonly heartbeatMs: number;
  readonly defaultResult: 'CONTINUE' | 'ABANDON';
}

/** A hook that holds an instance in Pending:Wait or Terminating:Wait. */
interface HookWait {
  readonly hook: string;
  readonly token: string;
  readonly startedAt: number;
  expiresAt: number;
}

type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'InService'
  | 'Standby'
  | 'Terminating:Wait'
  | 'Terminating:Retained';

export interface Member {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  readonly market: Market;
  /** In the units of the desired capacity. */
  readonly weight: number;
  readonly launchedAt: number;
  /** When a pending instance comes into service. */
  readyAt: number;
  state: LifecycleState;
  isProtected: boolean;
  waits: HookWait[];
  /** EC2 has announced that it will terminate the instance then. */
  interruptedAt?: number;
}

export interface Activity {
  readonly id: string;
  readonly startedAt: number;
  readonly description: string;
  readonly cause: string;
  readonly status: 'Successful' | 'Failed';
  readonly message?: string;
  readonly details: string;
}

interface InstanceRefresh {
  readonly id: string;
  readonly startedAt: number;
  /** The instances that it must still replace. */
  readonly left: Set<string>;
  /** When it last replaced one. */
  progressedAt: number;
  status: 'InProgress' | 'Successful' | 'Failed' | 'Cancelled';
}

export interface InstanceKind {
  readonly type: string;
  readonly weight: number;
}

export interface Group {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  /** Every other member of the group, as the last request set it. */
  settings: Mapping;
  minSize: number;
  maxSize: number;
  desired: number;
  zones: readonly string[];
  /** In the order of their priority. */
  kinds: readonly InstanceKind[];
  distribution: Mapping;
  terminationPolicies: readonly string[];
  readonly tags: Map<string, string>;
  readonly suspended: Set<string>;
  readonly hooks: Map<string, LifecycleHook>;
  readonly members: Map<string, Member>;
  /** The newest first. */
  readonly activities: Activity[];
  readonly refreshes: InstanceRefresh[];
}

/** From `at` on, this many instances of the pool can run. */
export interface PoolChange {
  readonly at: number;
  /** `<type>/<zone>/<market>`, where `*` stands for any. */
  readonly pool: string;
  readonly capacity: number;
}

export interface AutoScalingState {
  readonly groups: Map<string, Group>;
  /** The script of the markets. A pool that it does not name has no limit. */
  readonly script: PoolChange[];
  /** How many instances a quota allows, by market. */
  readonly quotas: Partial<Record<Market, number>>;
  /** Launches fail with this text, as if the configuration were wrong. */
  launchError: string | undefined;
  bootMs: number;
  /** What happens to the events of launches: `held` keeps them until a scenario releases them. */
  eventDelivery: 'at once' | 'lost' | 'held';
  readonly heldEvents: Mapping[];
  /** The lifecycle actions that somebody completed, in their order. */
  readonly completed: { readonly hook: string; readonly instanceId: string; readonly result: string }[];
  /** Set by the first operation: lets all groups act, as Auto Scaling does periodically. */
  wake: () => Promise<void>;
  /** Set by the first operation: publishes the held events. */
  releaseEvents: () => Promise<void>;
}

export function createState(): AutoScalingState {
  const tooEarly = (): Promise<void> => Promise.reject(new Error('There is no group yet.'));
  return {
    groups: new Map(),
    script: [],
    quotas: {},
    launchError: undefined,
    bootMs: 0,
    eventDelivery: 'at once',
    heldEvents: [],
    completed: [],
    wake: tooEarly,
    releaseEvents: tooEarly,
  };
}

/** Those that count as capacity: not those that terminate or are on standby. */
export function activeMembers({ members }: Group): Member[] {
  return [...members.values()].filter(({ state }) => state.startsWith('Pending') || state === 'InService');
}

export function capacityOf(members: readonly Member[], market?: Market): number {
  return members
    .filter((one) => market === undefined || one.market === market)
    .reduce((sum, { weight }) => sum + weight, 0);
}

/** The part of the desired capacity that must be On-Demand. A fraction is rounded up. Defaults of the API reference. */
export function onDemandTarget({ desired, distribution }: Pick<Group, 'desired' | 'distribution'>): number {
  const base = Math.min(desired, Number(distribution['OnDemandBaseCapacity'] ?? 0));
  const percentage = Number(distribution['OnDemandPercentageAboveBaseCapacity'] ?? 100);
  return base + Math.ceil(((desired - base) * percentage) / 100);
}
