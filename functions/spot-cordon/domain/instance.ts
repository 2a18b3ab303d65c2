/** Instances from before 2016 have the short form. */
export const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/** A Dedicated Host. */
export const HOST_ID = /^h-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/** What the wing needs to know about an EC2 instance. */
export interface Instance {
  readonly instanceId: string;
  readonly state: string;
  readonly isSpot: boolean;
  /** `spot`, `on-demand` or another one of AWS. */
  readonly purchaseOption: string;
  readonly instanceType: string;
  readonly availabilityZone: string;
  /** The Dedicated Host that it is on. */
  readonly hostId?: string;
  readonly vpcId?: string;
  readonly privateIps: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What the wing needs to know about an Auto Scaling group. The group decides who is a member, not the instance's tag. */
export interface AutoScalingGroup {
  readonly name: string;
  readonly hasCapacityRebalancing: boolean;
  /** A capacity provider of Amazon ECS scales the group. */
  readonly isManagedByEcs: boolean;
  /** Processes that somebody has suspended, such as `Launch`. */
  readonly suspendedProcesses: readonly string[];
  readonly targetGroupArns: readonly string[];
  /** Classic Load Balancers. */
  readonly loadBalancerNames: readonly string[];
  /** The terminate hook that this wing completes, by the group's tag. */
  readonly hookToComplete?: string;
  readonly members: ReadonlyMap<string, GroupMember>;
}

interface GroupMember {
  readonly lifecycleState: string;
  readonly isProtected: boolean;
}

/** The outcome of a step for an instance that no longer exists. */
export const INSTANCE_TERMINATED = 'instance terminated';

const TERMINATED_STATES = ['terminated', 'shutting-down'];

/** EC2 still describes terminated instances for about an hour. We treat them like unknown ones. */
export function isTerminated(instance: Instance | undefined): boolean {
  return !instance || TERMINATED_STATES.includes(instance.state);
}

/** The Auto Scaling group in the instance's tag. Only AWS can set this tag. */
export function groupNameOf(instance: Instance | undefined): string | undefined {
  return instance?.tags['aws:autoscaling:groupName'];
}
