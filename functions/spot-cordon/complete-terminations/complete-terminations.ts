import { forEachIsolated } from '#shared/concurrency.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { describeGroups } from '../aws/auto-scaling.ts';
import { describeInstances } from '../aws/ec2.ts';
import { continueTermination, recordHeartbeat } from '../aws/lifecycle-hooks.ts';
import type { TerminationConfig } from '../config.ts';
import type { TerminationContext } from '../context.ts';
import { decideTermination, type LifecycleAction, notOurActionReason } from '../domain/lifecycle-action.ts';
import { findRegistrations } from './find-registrations.ts';
import { logContinued, logLeftAlone, logOver, logPlanned } from './log.ts';
import { newTermination, registeredIn, type Termination } from './termination.ts';
import { waitForDrain } from './wait-for-drain.ts';

const ACTIONS_AT_ONCE = 5;

/**
 * Looks once at each instance that a terminate hook holds: it leaves its load balancers, and the termination goes on
 * when nothing is left of its registrations. Until then the message comes back after a delay.
 */
export async function completeTerminations(
  messages: readonly QueueMessage<LifecycleAction>[],
  config: TerminationConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const context: TerminationContext = { config, invocation };
  const ours = await selectOurs(context, messages);
  const held = config.dryRun ? ours : await keepHeld(context, ours);
  await describe(context, held);
  await findRegistrations(context, held);
  await forEachIsolated(held, ACTIONS_AT_ONCE, (one) => carryOut(context, one), recordFailure);
  const failed = ours.filter(({ failure }) => failure !== undefined);
  return { retry: failed.map(({ messageId, failure }) => ({ id: messageId, error: failure })) };
}

/** Each look asks again, so that somebody who removes the tag gets the hook back. */
async function selectOurs(
  { invocation }: TerminationContext,
  messages: readonly QueueMessage<LifecycleAction>[],
): Promise<Termination[]> {
  const names = messages.map(({ message }) => message.group);
  const groups = await describeGroups(names, invocation.signal);
  return messages.flatMap(({ id, message: action }) => {
    const group = groups.get(action.group);
    const reason = notOurActionReason(action, group);
    if (group && reason === undefined) return [newTermination(id, action, group)];
    logLeftAlone(invocation, action, reason ?? '');
    return [];
  });
}

/** A heartbeat gives us time, and says whether Auto Scaling still waits: events may be late, and come twice. */
async function keepHeld(
  { invocation }: TerminationContext,
  ours: readonly Termination[],
): Promise<Termination[]> {
  const held: Termination[] = [];
  await forEachIsolated(
    ours,
    ACTIONS_AT_ONCE,
    async (one) => {
      if (await recordHeartbeat(one.action, invocation.signal)) held.push(one);
      else logOver(invocation, one.action);
    },
    recordFailure,
  );
  return held;
}

async function describe({ invocation }: TerminationContext, held: readonly Termination[]): Promise<void> {
  if (held.length === 0) return;
  const ids = held.map(({ action }) => action.instanceId);
  const instances = await describeInstances(ids, invocation.signal);
  for (const one of held) one.instance = instances.get(one.action.instanceId);
}

async function carryOut(context: TerminationContext, termination: Termination): Promise<void> {
  const { config, invocation } = context;
  const { action, instance } = termination;
  const state = { action, instance, registeredIn: registeredIn(termination) };
  const decision = decideTermination(state, invocation.now());
  if (config.dryRun) return logPlanned(invocation, termination, decision);
  if (decision.kind === 'wait') return waitForDrain(context, termination);
  if (await continueTermination(action, invocation.signal))
    return logContinued(invocation, termination, decision);
  return logOver(invocation, action);
}

function recordFailure(termination: Termination, error: unknown): void {
  termination.failure = error;
}
