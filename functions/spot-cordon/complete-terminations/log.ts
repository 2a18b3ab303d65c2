import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { LifecycleAction, StartedDrain, TerminationDecision } from '../domain/lifecycle-action.ts';
import { registeredIn, type Termination } from './termination.ts';

// One line per look: what was done for which instance, and why.

/** The termination goes on. */
export function logContinued(
  { logger, metrics, now }: Invocation,
  termination: Termination,
  decision: TerminationDecision & { readonly kind: 'continue' },
): void {
  const { action } = termination;
  const { why, isEarly = false } = decision;
  const secondsAfterEvent = Math.round((now() - action.startedAt) / 1000);
  const about = { ...fields(action), why, secondsAfterEvent };
  if (isEarly)
    logger.warn('lifecycle action completed before the drain ended', {
      ...about,
      waitsFor: registeredIn(termination),
    });
  else logger.info('lifecycle action completed', about);
  addCount(metrics, isEarly ? 'DrainCutShort' : 'TerminationContinued');
}

export function logWaiting({ logger }: Invocation, termination: Termination, drain: StartedDrain): void {
  logger.info('lifecycle action waits for the drain', {
    ...fields(termination.action),
    waitsFor: registeredIn(termination),
    nextLookInSeconds: drain.lookEveryMs / 1000,
    ...(drain.classicUntil > 0 && { classicUntil: new Date(drain.classicUntil).toISOString() }),
  });
}

/** A duplicate, or a late event. The hook may also have ended with its default result. */
export function logOver({ logger, metrics }: Invocation, action: LifecycleAction): void {
  logger.info('lifecycle action is over already', fields(action));
  addCount(metrics, 'ActionOver');
}

export function logLeftAlone({ logger }: Invocation, action: LifecycleAction, reason: string): void {
  logger.info('lifecycle action left alone', { ...fields(action), reason });
}

export function logPlanned(
  { logger }: Invocation,
  termination: Termination,
  decision: TerminationDecision,
): void {
  logger.info('lifecycle action planned', {
    dryRun: true,
    ...fields(termination.action),
    ...(decision.kind === 'continue' ? { why: decision.why } : { waitsFor: registeredIn(termination) }),
  });
}

export function logNotDeregistered(
  { logger, metrics }: Invocation,
  action: LifecycleAction,
  loadBalancer: string,
  error: unknown,
): void {
  logger.warn('not deregistered, the next look tries again', { ...fields(action), loadBalancer, error });
  addCount(metrics, 'StepFailed');
}

function fields({ group, hook, instanceId }: LifecycleAction): Record<string, string> {
  return { instanceId, autoScalingGroupName: group, lifecycleHookName: hook };
}
