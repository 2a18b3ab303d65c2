import type { Target } from '../domain/cordon-record.ts';
import type { TargetGroup } from '../domain/drain-targets.ts';
import type { AutoScalingGroup, Instance } from '../domain/instance.ts';
import type { LifecycleAction } from '../domain/lifecycle-action.ts';

interface Registration {
  readonly targetGroup: TargetGroup;
  /** Those that are not draining yet. */
  readonly targets: readonly Target[];
}

/** One instance on its way out, and what we know about it. */
export interface Termination {
  readonly messageId: string;
  readonly action: LifecycleAction;
  readonly group: AutoScalingGroup;
  instance?: Instance | undefined;
  /** The target groups that still list it. */
  readonly registrations: Registration[];
  classicLoadBalancers: readonly string[];
  /** Why the message is delivered again. */
  failure?: unknown;
}

export function newTermination(
  messageId: string,
  action: LifecycleAction,
  group: AutoScalingGroup,
): Termination {
  return { messageId, action, group, registrations: [], classicLoadBalancers: [] };
}

/** The target groups and Classic Load Balancers that still have the instance. */
export function registeredIn({ registrations, classicLoadBalancers }: Termination): string[] {
  return [...registrations.map(({ targetGroup }) => targetGroup.arn), ...classicLoadBalancers];
}
