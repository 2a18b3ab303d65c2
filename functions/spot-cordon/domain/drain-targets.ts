import type { CordonRecord, DrainedTargets, Target } from './cordon-record.ts';
import { NOTICE_MS, type Severity } from './disruption.ts';
import { type AutoScalingGroup, type Instance, isTerminated } from './instance.ts';
import { chooseReplacement, shouldReplace } from './replacement.ts';
import { tagKeys } from './scope.ts';

export interface TargetGroup {
  readonly arn: string;
  readonly targetType: string;
  readonly vpcId?: string | undefined;
  readonly isInUse: boolean;
}

/** A registered target as the load balancer describes it. */
export interface RegisteredTarget {
  readonly target: Target;
  readonly state: string;
}

/** `true` drains for an interruption, `advice` also for recommendations and maintenance, most of which end harmlessly. */
function shouldDrain(severity: Severity, instance: Instance | undefined): boolean {
  if (instance === undefined || isTerminated(instance)) return false;
  const drain = instance.tags[tagKeys.drain];
  return drain === 'advice' || (drain === 'true' && severity === 'interruption');
}

/** An instance, and what the wing knows about it. */
export interface DrainCandidate {
  readonly record: CordonRecord;
  readonly instance?: Instance;
  readonly group?: AutoScalingGroup;
}

/** From which load balancers an instance leaves. */
export interface DrainScope {
  readonly includes: (pool: string) => boolean;
}

/**
 * With Capacity Rebalancing, Auto Scaling drains the group's own load balancers. An instance that is only replaced
 * leaves just these, because it leaves the group.
 *
 * @returns undefined if the instance stays everywhere
 */
export function drainScope({ record, instance, group }: DrainCandidate): DrainScope | undefined {
  const own = new Set([...(group?.targetGroupArns ?? []), ...(group?.loadBalancerNames ?? [])]);
  if (shouldDrain(record.severity, instance))
    return { includes: (pool) => !(group?.hasCapacityRebalancing && own.has(pool)) };
  const isReplaced =
    shouldReplace(record, instance) && chooseReplacement(record.instanceId, group, false).kind !== 'none';
  return isReplaced && own.size > 0 ? { includes: (pool) => own.has(pool) } : undefined;
}

/**
 * The target groups that can contain one of the instances. `lambda` and `alb` targets are not instances. A target group
 * without a load balancer gets no traffic, unless an Auto Scaling group registers instances with it.
 */
export function targetGroupsToSearch(
  all: readonly TargetGroup[],
  instances: readonly Instance[],
  usedByAutoScaling: ReadonlySet<string>,
): TargetGroup[] {
  const vpcs = new Set(instances.map((instance) => instance.vpcId));
  return all.filter(
    (group) =>
      (group.targetType === 'instance' || group.targetType === 'ip') &&
      vpcs.has(group.vpcId) &&
      (group.isInUse || usedByAutoScaling.has(group.arn)),
  );
}

/**
 * Every registration of the instance, with its port: a port override must be named to be deregistered. Searches only
 * the VPC of the instance, because another VPC may use the same address for another instance.
 */
export function targetsOfInstance(
  instance: Instance,
  group: TargetGroup,
  registered: readonly RegisteredTarget[],
): Target[] {
  return registrationsOf(instance, group, registered)
    .filter(isNotDraining)
    .map(({ target }) => target);
}

/** As targetsOfInstance, with those that are being deregistered. */
export function registrationsOf(
  instance: Instance,
  group: TargetGroup,
  registered: readonly RegisteredTarget[],
): RegisteredTarget[] {
  if (group.vpcId !== instance.vpcId) return [];
  const ids = group.targetType === 'ip' ? instance.privateIps : [instance.instanceId];
  return registered.filter(({ target }) => ids.includes(target.Id));
}

export function isNotDraining({ state }: RegisteredTarget): boolean {
  return state !== 'draining';
}

const MAX_OTHERS = 5;

/** What the record keeps, so that the targets are registered again only if they still belong there. */
export function toDrainedTargets(
  targetGroupArn: string,
  targets: readonly Target[],
  about: { readonly registered: readonly RegisteredTarget[]; readonly group: AutoScalingGroup | undefined },
): DrainedTargets {
  const own = new Set(targets.map(({ Id }) => Id));
  const active = about.registered.filter(({ target, state }) => !own.has(target.Id) && state !== 'draining');
  const otherIds = [...new Set(active.map(({ target }) => target.Id))].slice(0, MAX_OTHERS);
  const isOfGroup = about.group?.targetGroupArns.includes(targetGroupArn) === true;
  return { targetGroupArn, targets, isOfGroup, otherIds };
}

/** Whether the instance may be terminated before its target group has finished draining it. */
export function isDrainLongerThanNotice(delaySeconds: number): boolean {
  return delaySeconds * 1000 > NOTICE_MS;
}

/** All targets that we deregistered earlier or deregister now, each target once. */
export function mergeDrainedTargets(
  before: readonly DrainedTargets[],
  now: readonly DrainedTargets[],
): readonly DrainedTargets[] {
  const byArn = Map.groupBy([...before, ...now], ({ targetGroupArn }) => targetGroupArn);
  return [...byArn.values()].map((some) => {
    const targets = new Map(some.flatMap((one) => one.targets).map((target) => [targetKey(target), target]));
    return Object.assign({}, ...some, { targets: [...targets.values()] });
  });
}

/** Identifies one registration: an instance can be registered under several ports. */
export function targetKey(target: Target): string {
  return `${target.Id} ${target.Port ?? ''}`;
}
