import { type Distribution, toDistribution } from './distribution.ts';

/** An Auto Scaling group with a mixed instances policy. */
export interface MixedGroup {
  readonly name: string;
  readonly desired: number;
  readonly distribution: Distribution;
  /** The instance types of the policy, in the order of their priority. */
  readonly kinds: readonly { readonly instanceType: string; readonly weight: number }[];
  readonly suspendedProcesses: readonly string[];
  readonly hasSegments: boolean;
  /** Whether the desired capacity counts instances, or their weights. */
  readonly countsInstances: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly members: readonly MixedMember[];
}

/** A group as Auto Scaling describes it. */
export type DescribedMixedGroup = Omit<MixedGroup, 'distribution'> & {
  readonly distribution: Distribution['members'];
};

export function toMixedGroup(described: DescribedMixedGroup): MixedGroup {
  return { ...described, distribution: toDistribution(described.distribution) };
}

interface MixedMember {
  readonly instanceId: string;
  readonly weight: number;
  readonly lifecycleState: string;
}

export type Market = 'spot' | 'on-demand';

/** @param message what Auto Scaling says about a launch that failed */
export function marketOf(message: string): Market {
  if (/\bSpot\b|UnfulfillableCapacity/i.test(message)) return 'spot';
  return /On-Demand|do not have sufficient|VcpuLimitExceeded/i.test(message) ? 'on-demand' : 'spot';
}

export const fallBackTags = {
  /** `true` opts the group in. */
  optIn: 'groundcrew:fall-back',
  /** On-Demand capacity that the group always keeps, for example because it is reserved. */
  floor: 'groundcrew:fall-back-floor',
} as const;

/** Why the group is left alone, however dry the market is; undefined if we may change it. */
export function leaveAloneReason(group: MixedGroup, isRefreshing: boolean): string | undefined {
  const suspended = group.suspendedProcesses.find((name) => name === 'Launch' || name === 'Terminate');
  if (group.hasSegments) return 'it has distribution segments';
  if (!group.countsInstances) return 'its capacity is in vCPUs or memory';
  if (suspended) return `it has suspended ${suspended}`;
  return isRefreshing ? 'an instance refresh is under way' : undefined;
}

/** The capacity of a group by market. What is pending counts, as Auto Scaling counts it. */
export interface Capacity {
  readonly spot: number;
  readonly onDemand: number;
  /** The part of `onDemand` that is in service. */
  readonly onDemandInService: number;
}

/**
 * @param spotIds EC2's answer; an instance that EC2 does not know yet counts as Spot, so that we buy rather too little
 * @param interruptedIds interrupted instances, which are about to end
 */
export function capacityOf(
  { members }: MixedGroup,
  onDemandIds: ReadonlySet<string>,
  interruptedIds: ReadonlySet<string>,
): Capacity {
  const active = members.filter(({ lifecycleState: state }) => /^(Pending|InService)/.test(state));
  const onDemand = active.filter(({ instanceId }) => onDemandIds.has(instanceId));
  const spot = active.filter(
    ({ instanceId }) => !onDemandIds.has(instanceId) && !interruptedIds.has(instanceId),
  );
  return {
    spot: sum(spot),
    onDemand: sum(onDemand),
    onDemandInService: sum(onDemand.filter(({ lifecycleState }) => lifecycleState === 'InService')),
  };
}

function sum(members: readonly MixedMember[]): number {
  return members.reduce((total, { weight }) => total + weight, 0);
}
