import { sendMessages } from '#shared/aws/sqs.ts';
import { forEachIsolated, mapLimit } from '#shared/concurrency.ts';
import { deregisterFromClassic, readConnectionDrainingSeconds } from '../aws/elastic-load-balancing.ts';
import { deregisterTargets } from '../aws/elastic-load-balancing-v2.ts';
import { readHookTimes } from '../aws/lifecycle-hooks.ts';
import type { TerminationContext } from '../context.ts';
import { drainTimes, type StartedDrain } from '../domain/lifecycle-action.ts';
import { terminationDueEvent } from '../messages/events.ts';
import { logNotDeregistered, logWaiting } from './log.ts';
import type { Termination } from './termination.ts';

const CALLS_AT_ONCE = 4;

/**
 * Sends the message of the next look before anything changes: what a Classic Load Balancer drains is known only from
 * it. If something cannot be deregistered now, the next look tries again.
 */
export async function waitForDrain(context: TerminationContext, termination: Termination): Promise<void> {
  const { config, invocation } = context;
  const { action } = termination;
  const drain = await planDrain(context, termination);
  const body = terminationDueEvent({ ...action, drain }, config.region, invocation.now());
  const message = { body, delaySeconds: Math.round(drain.lookEveryMs / 1000) };
  const [error] = await sendMessages(config.queueUrl, [message], invocation.signal);
  if (error !== undefined) throw error;
  await deregister(context, termination);
  logWaiting(invocation, termination, drain);
}

async function planDrain(
  { invocation }: TerminationContext,
  { action, classicLoadBalancers, registrations }: Termination,
): Promise<StartedDrain> {
  const { signal } = invocation;
  const times = action.drain ?? drainTimes(await readHookTimes(action, signal), action.startedAt);
  const seconds = await mapLimit(classicLoadBalancers, CALLS_AT_ONCE, (name) =>
    readConnectionDrainingSeconds(name, signal),
  );
  const classicUntil = seconds.length > 0 ? invocation.now() + Math.max(...seconds) * 1000 : 0;
  return {
    targetGroups: action.drain?.targetGroups ?? registrations.map(({ targetGroup }) => targetGroup),
    classicUntil: Math.max(action.drain?.classicUntil ?? 0, classicUntil),
    lookEveryMs: times.lookEveryMs,
    endsAt: times.endsAt,
  };
}

async function deregister(
  { invocation }: TerminationContext,
  { action, classicLoadBalancers, registrations }: Termination,
): Promise<void> {
  const { signal } = invocation;
  const onError = (name: string, error: unknown): void => logNotDeregistered(invocation, action, name, error);
  const registered = registrations.filter(({ targets }) => targets.length > 0);
  await forEachIsolated(
    registered,
    CALLS_AT_ONCE,
    ({ targetGroup, targets }) => deregisterTargets(targetGroup.arn, targets, signal),
    ({ targetGroup }, error) => onError(targetGroup.arn, error),
  );
  await forEachIsolated(
    classicLoadBalancers,
    CALLS_AT_ONCE,
    (name) => deregisterFromClassic(name, [action.instanceId], signal),
    onError,
  );
}
