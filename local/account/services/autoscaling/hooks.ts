import { randomUUID } from 'node:crypto';
import { recordActivity } from './activities.ts';
import type { Group, LifecycleHook, Member, Surroundings } from './model.ts';

const LAUNCHING = 'autoscaling:EC2_INSTANCE_LAUNCHING';
const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';

/** A hook waits at most a hundred times its heartbeat, and at most 48 hours. */
export const longestWait = (heartbeatMs: number): number => Math.min(48 * 3_600_000, 100 * heartbeatMs);

export async function startLaunchHooks(group: Group, member: Member, around: Surroundings): Promise<void> {
  member.waits = startHooks(group, LAUNCHING, around.now());
  if (member.waits.length > 0) member.state = 'Pending:Wait';
  await reportWaits(group, member, around);
}

function startHooks(group: Group, transition: LifecycleHook['transition'], now: number): Member['waits'] {
  return [...group.hooks.values()]
    .filter((hook) => hook.transition === transition)
    .map(({ heartbeatMs, name }) => ({
      hook: name,
      token: randomUUID(),
      startedAt: now,
      expiresAt: now + heartbeatMs,
    }));
}

/** The instance waits for its hooks if it has any; otherwise it is terminated. */
export async function leave(group: Group, member: Member, around: Surroundings): Promise<void> {
  if (member.state.startsWith('Terminating')) return;
  member.waits = startHooks(group, TERMINATING, around.now());
  if (member.waits.length === 0) return remove(group, member, around);
  member.state = 'Terminating:Wait';
  await reportWaits(group, member, around);
}

async function reportWaits(group: Group, member: Member, around: Surroundings): Promise<void> {
  for (const { hook, token } of member.waits) {
    const transition = group.hooks.get(hook)?.transition ?? TERMINATING;
    await around.reportHook(group, member.id, { hook, token, transition });
  }
}

async function remove(group: Group, member: Member, around: Surroundings): Promise<void> {
  group.members.delete(member.id);
  await around.terminate(group, [member.id]);
  const description = `Terminating EC2 instance: ${member.id}`;
  const activity = recordActivity(group, around.now(), { description, zone: member.zone });
  const event = 'EC2 Instance Terminate Successful';
  await around.report(group, activity, { event, instanceId: member.id, zone: member.zone });
}

/** Ends hooks whose time is over with their default result. */
export async function settleHooks(group: Group, around: Surroundings): Promise<void> {
  for (const member of [...group.members.values()]) {
    const due = member.waits.filter(({ expiresAt }) => expiresAt <= around.now());
    for (const { hook } of due)
      await completeHook(
        group,
        member,
        { hook, result: group.hooks.get(hook)?.defaultResult ?? 'ABANDON' },
        around,
      );
  }
}

interface HookResult {
  readonly hook: string;
  readonly result: string;
}

/** @returns false if no such hook waits for the instance */
export async function completeHook(
  group: Group,
  member: Member,
  { hook, result }: HookResult,
  around: Surroundings,
): Promise<boolean> {
  if (!member.waits.some((wait) => wait.hook === hook)) return false;
  member.waits = member.waits.filter((wait) => wait.hook !== hook);
  if (member.state === 'Pending:Wait') await endLaunch(group, member, result, around);
  else await endTermination(group, member, result, around);
  return true;
}

async function endLaunch(group: Group, member: Member, result: string, around: Surroundings): Promise<void> {
  if (result === 'ABANDON') await remove(group, member, around);
  else if (member.waits.length === 0) member.state = 'Pending';
}

/** ABANDON ends the other hooks too. A group may retain the instance then: nobody terminates it. */
async function endTermination(
  group: Group,
  member: Member,
  result: string,
  around: Surroundings,
): Promise<void> {
  const triggers = group.settings['InstanceLifecyclePolicy'];
  const isRetained =
    result === 'ABANDON' && JSON.stringify(triggers ?? '').includes('"TerminateHookAbandon":"retain"');
  if (isRetained) {
    member.waits = [];
    member.state = 'Terminating:Retained';
  } else if (result === 'ABANDON' || member.waits.length === 0) await remove(group, member, around);
}

/** @returns false if no such hook waits for the instance */
export function extendHook(group: Group, member: Member, hook: string, now: number): boolean {
  const wait = member.waits.find((one) => one.hook === hook);
  const heartbeatMs = group.hooks.get(hook)?.heartbeatMs ?? 0;
  if (!wait) return false;
  wait.expiresAt = Math.min(now + heartbeatMs, wait.startedAt + longestWait(heartbeatMs));
  return true;
}
