import { MINUTE_MS } from '#shared/time.ts';
import type { TargetGroup } from './drain-targets.ts';
import { type AutoScalingGroup, type Instance, isTerminated } from './instance.ts';

/** A terminate hook that holds an instance. */
export interface LifecycleAction {
  readonly instanceId: string;
  readonly group: string;
  readonly hook: string;
  readonly token: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The instance comes from the warm pool or returns to it. */
  readonly usesWarmPool: boolean;
  /** What the first look found. */
  readonly drain?: StartedDrain | undefined;
}

/** A drain that takes longer than one invocation. Times are epoch milliseconds. */
export interface StartedDrain {
  /** The target groups in which the instance was registered. */
  readonly targetGroups: readonly TargetGroup[];
  /** Until then, Classic Load Balancers let open connections end. They do not list the instance any more. */
  readonly classicUntil: number;
  readonly lookEveryMs: number;
  /** When the instance must go on at the latest. */
  readonly endsAt: number;
}

/** The time limits of a hook, as AWS describes them. */
export interface HookTimes {
  readonly heartbeatSeconds: number | undefined;
  readonly globalSeconds: number | undefined;
}

/** Why a lifecycle action is not ours; undefined if it is. Other hooks of the group may be somebody else's. */
export function notOurActionReason(
  { hook }: Pick<LifecycleAction, 'hook'>,
  group: Pick<AutoScalingGroup, 'hookToComplete'> | undefined,
): string | undefined {
  if (!group) return 'the group no longer exists';
  if (group.hookToComplete === undefined) return 'the group has no tag groundcrew:complete-hook';
  return group.hookToComplete === hook ? undefined : 'the tag groundcrew:complete-hook names another hook';
}

/** The defaults and limits of PutLifecycleHook in the API reference of Auto Scaling. */
const DEFAULT_HEARTBEAT_SECONDS = 3600;
const MAX_HEARTBEATS = 100;
const MAX_GLOBAL_SECONDS = 172_800;

/** Every minute is often enough for a drain of minutes. */
const MAX_LOOK_MS = MINUTE_MS;

/** So that a look that fails is repeated before the hook ends: SQS delivers its message again after 30 seconds. */
const LOOKS_PER_HEARTBEAT = 3;

/** Elastic Load Balancing drains for at most an hour. What takes longer is registered again by somebody. */
const LONGEST_DRAIN_MS = 70 * MINUTE_MS;

/** When to look at a drain again, and when to give up waiting: before the hook itself ends with its default result. */
export function drainTimes(
  times: HookTimes | undefined,
  startedAt: number,
): Pick<StartedDrain, 'endsAt' | 'lookEveryMs'> {
  const heartbeatSeconds = times?.heartbeatSeconds ?? DEFAULT_HEARTBEAT_SECONDS;
  const globalSeconds =
    times?.globalSeconds ?? Math.min(MAX_GLOBAL_SECONDS, MAX_HEARTBEATS * heartbeatSeconds);
  const lookEveryMs = Math.min(MAX_LOOK_MS, (heartbeatSeconds * 1000) / LOOKS_PER_HEARTBEAT);
  return { lookEveryMs, endsAt: startedAt + Math.min(LONGEST_DRAIN_MS, globalSeconds * 1000 - lookEveryMs) };
}

/** What one look at an instance that terminates found. */
export interface TerminationState {
  readonly action: LifecycleAction;
  readonly instance?: Instance | undefined;
  /** The load balancers that still have it, draining or not. */
  readonly registeredIn: readonly string[];
}

export type TerminationDecision =
  | { readonly kind: 'wait' }
  | { readonly kind: 'continue'; readonly why: string; readonly isEarly?: true };

/** The group has decided that the instance goes. So nothing holds it for longer than its connections need. */
export function decideTermination(
  { action, instance, registeredIn }: TerminationState,
  now: number,
): TerminationDecision {
  const { drain, usesWarmPool } = action;
  // A registration outside its group would be missing when it serves again.
  if (usesWarmPool) return { kind: 'continue', why: 'warm pool' };
  if (isTerminated(instance)) return { kind: 'continue', why: 'the instance is terminated' };
  const isClassicDone = now >= (drain?.classicUntil ?? 0);
  if (registeredIn.length === 0 && isClassicDone)
    return { kind: 'continue', why: drain ? 'drained' : 'registered nowhere' };
  if (drain && now + drain.lookEveryMs > drain.endsAt)
    return { kind: 'continue', why: 'no time left', isEarly: true };
  return { kind: 'wait' };
}
