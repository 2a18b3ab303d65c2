import {
  CompleteLifecycleActionCommand,
  DescribeLifecycleHooksCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { hasName } from '#shared/errors.ts';
import type { HookTimes, LifecycleAction } from '../domain/lifecycle-action.ts';
import { autoScaling } from './auto-scaling.ts';

/** @returns undefined if somebody has deleted the hook */
export async function readHookTimes(
  { group, hook }: Pick<LifecycleAction, 'group' | 'hook'>,
  signal: AbortSignal,
): Promise<HookTimes | undefined> {
  const command = new DescribeLifecycleHooksCommand({
    AutoScalingGroupName: group,
    LifecycleHookNames: [hook],
  });
  const { LifecycleHooks = [] } = await autoScaling.send(command, { abortSignal: signal });
  const found = LifecycleHooks.find(({ LifecycleHookName }) => LifecycleHookName === hook);
  if (!found) return undefined;
  return { heartbeatSeconds: found.HeartbeatTimeout, globalSeconds: found.GlobalTimeout };
}

/** Starts the heartbeat timeout of the action again. @returns false if the action is over */
export function recordHeartbeat(action: LifecycleAction, signal: AbortSignal): Promise<boolean> {
  const command = new RecordLifecycleActionHeartbeatCommand(named(action));
  return whileActive(() => autoScaling.send(command, { abortSignal: signal }));
}

/** Lets Auto Scaling go on with the termination. @returns false if the action is over */
export function continueTermination(action: LifecycleAction, signal: AbortSignal): Promise<boolean> {
  const command = new CompleteLifecycleActionCommand({
    ...named(action),
    LifecycleActionResult: 'CONTINUE',
  });
  return whileActive(() => autoScaling.send(command, { abortSignal: signal }));
}

/** By its token: a later action of the same instance has another one. */
function named({ group, hook, token }: LifecycleAction) {
  return { AutoScalingGroupName: group, LifecycleHookName: hook, LifecycleActionToken: token };
}

async function whileActive(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (!isOver(error)) throw error;
    return false;
  }
}

/** For example "No active Lifecycle Action found with token: ...". A deleted group or hook ends its actions too. */
function isOver(error: unknown): boolean {
  return (
    hasName(error, 'ValidationError') &&
    error instanceof Error &&
    /no active lifecycle action|not found/i.test(error.message)
  );
}
