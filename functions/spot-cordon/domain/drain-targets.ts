import type { DrainedTargets, Target } from './cordon-record.ts';
import { NOTICE_MS } from './disruption.ts';
import { type Instance, isGone } from './instance.ts';
import { tagKeys } from './scope.ts';

export interface TargetGroup {
  readonly arn: string;
  readonly targetType: string;
  readonly vpcId?: string;
  readonly inUse: boolean;
}

/** A registered target as the load balancer describes it. */
export interface Registered {
  readonly target: Target;
  readonly state: string;
}

export function wantsDraining(instance: Instance | undefined): instance is Instance {
  return instance !== undefined && !isGone(instance) && instance.tags[tagKeys.drain] === 'true';
}

/**
 * The target groups that can hold one of the instances. `lambda` and `alb` targets are no instances, and a group
 * that no load balancer uses serves no traffic, unless an Auto Scaling group fills it.
 */
export function candidates(
  all: readonly TargetGroup[],
  instances: readonly Instance[],
  filledByGroups: ReadonlySet<string>,
): TargetGroup[] {
  const vpcs = new Set(instances.map((instance) => instance.vpcId));
  return all.filter(
    (group) =>
      (group.targetType === 'instance' || group.targetType === 'ip') &&
      vpcs.has(group.vpcId) &&
      (group.inUse || filledByGroups.has(group.arn)),
  );
}

/**
 * Every registration of the instance, under each of its ports: a port override has to be named to be deregistered.
 * Only in its own VPC: another one may well use the same address for somebody else.
 */
export function targetsOf(
  instance: Instance,
  group: TargetGroup,
  registered: readonly Registered[],
): Target[] {
  if (group.vpcId !== instance.vpcId) return [];
  const ids = group.targetType === 'ip' ? instance.privateIps : [instance.instanceId];
  return registered
    .filter(({ target, state }) => ids.includes(target.Id) && state !== 'draining')
    .map(({ target }) => target);
}

/** Seconds that a target group drains for, when the instance will not live that long. */
export function outlivesNotice(delaySeconds: number): boolean {
  return delaySeconds * 1000 > NOTICE_MS;
}

/** What was taken out before and what is being taken out now, each target once. */
export function mergeDrained(
  before: readonly DrainedTargets[],
  now: readonly DrainedTargets[],
): readonly DrainedTargets[] {
  const byArn = new Map<string, Map<string, Target>>();
  for (const { targetGroupArn, targets } of [...before, ...now]) {
    const known = byArn.get(targetGroupArn) ?? new Map<string, Target>();
    for (const target of targets) known.set(targetKey(target), target);
    byArn.set(targetGroupArn, known);
  }
  return [...byArn].map(([targetGroupArn, targets]) => ({ targetGroupArn, targets: [...targets.values()] }));
}

/** What tells two registrations of one instance apart. */
export function targetKey(target: Target): string {
  return `${target.Id} ${target.Port ?? ''}`;
}
