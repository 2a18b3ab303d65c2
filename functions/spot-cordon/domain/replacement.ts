import { MINUTE_MS } from '#shared/time.ts';
import type { CordonRecord, LaunchFailure } from './cordon-record.ts';
import type { AutoScalingGroup, Instance } from './instance.ts';
import { tagKeys } from './scope.ts';

/** How we make Auto Scaling launch a replacement, or why we do not. */
export type Replacement =
  | { readonly kind: 'detach' | 'terminate'; readonly group: string }
  | { readonly kind: 'none'; readonly reason: string };

/** How long we relate a failed launch of the group to the replacement, and keep the record for that. */
const WATCH_MS = 10 * MINUTE_MS;

/** Whether the user wants a replacement. Only then do we read the group and its lifecycle hooks. */
export function shouldReplace(record: CordonRecord, instance: Instance | undefined): boolean {
  return isTermination(record) && instance?.tags[tagKeys.replace] === 'true';
}

export function notReplacedReason(record: CordonRecord): string {
  return isTermination(record) ? 'not requested' : 'not needed: no termination announced';
}

/**
 * With Capacity Rebalancing the group launches a replacement itself, so we must not order a second one. Detaching is
 * quicker but skips terminating lifecycle hooks: these run only if Auto Scaling terminates the instance.
 */
export function chooseReplacement(
  instanceId: string,
  group: AutoScalingGroup | undefined,
  hasTerminatingHook: boolean,
): Replacement {
  const member = group?.members.get(instanceId);
  if (!group || !member) return { kind: 'none', reason: 'in no Auto Scaling group' };
  if (group.hasCapacityRebalancing) return { kind: 'none', reason: 'Capacity Rebalancing replaces it' };
  if (member.lifecycleState !== 'InService' && member.lifecycleState !== 'Standby') {
    return { kind: 'none', reason: `is already ${member.lifecycleState}` };
  }
  const suspended = group.suspendedProcesses.find(
    (process) => process === 'Launch' || process === 'Terminate',
  );
  if (suspended) return { kind: 'none', reason: `not ordered: its group has suspended ${suspended}` };
  return { kind: hasTerminatingHook ? 'terminate' : 'detach', group: group.name };
}

/** Whether the group may still fail to launch the replacement. */
export function isAwaitingReplacement(
  { orderedReplacement }: Pick<CordonRecord, 'orderedReplacement'>,
  now: number,
): boolean {
  return orderedReplacement !== undefined && now - orderedReplacement.orderedAt <= WATCH_MS;
}

/** A launch that a group could not complete. */
export interface FailedLaunch {
  readonly group: string;
  readonly at: number;
}

/** Whether the failed launch can be that of this instance's replacement, and nobody has reported one yet. */
export function isNewLaunchFailure(record: CordonRecord, { group, at }: FailedLaunch): boolean {
  const { orderedReplacement: ordered, launchFailure } = record;
  // The times of events are whole seconds.
  const isAfterOrder = ordered !== undefined && at >= Math.floor(ordered.orderedAt / 1000) * 1000;
  return (
    isAfterOrder &&
    ordered.group === group &&
    launchFailure === undefined &&
    isAwaitingReplacement(record, at)
  );
}

const launchFailurePatterns: readonly (readonly [RegExp, LaunchFailure])[] = [
  [/UnfulfillableCapacity|InsufficientInstanceCapacity|no Spot capacity/i, 'no capacity'],
  [/LimitExceeded|MaxSpotInstanceCountExceeded/i, 'limit reached'],
];

/** @param message what Auto Scaling says about the activity */
export function toLaunchFailure(message: string): LaunchFailure {
  return launchFailurePatterns.find(([pattern]) => pattern.test(message))?.[1] ?? 'refused';
}

function isTermination({ severity, action }: CordonRecord): boolean {
  return severity === 'interruption' && action === 'terminate';
}
