/** The short form is of instances from before 2016. */
export const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/** What the wing needs to know of an EC2 instance. */
export interface Instance {
  readonly instanceId: string;
  readonly state: string;
  readonly spot: boolean;
  readonly vpcId?: string;
  readonly privateIps: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What it needs to know of an Auto Scaling group. Membership is what the group says, not the instance's tag. */
export interface Group {
  readonly name: string;
  readonly capacityRebalance: boolean;
  readonly targetGroupArns: readonly string[];
  readonly members: ReadonlyMap<string, Member>;
}

export interface Member {
  readonly lifecycleState: string;
  readonly protectedFromScaleIn: boolean;
}

/** The outcome of a step that has no object any more. */
export const GONE = 'instance is gone';

/** Terminated instances stay visible for about an hour; they are as gone as unknown ones. */
export function isGone(instance: Instance | undefined): boolean {
  return !instance || instance.state === 'terminated' || instance.state === 'shutting-down';
}

/** The group that an instance's tag names; AWS sets the tag itself and nobody else can. */
export function groupName(instance: Instance | undefined): string | undefined {
  return instance?.tags['aws:autoscaling:groupName'];
}
