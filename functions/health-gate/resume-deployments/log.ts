import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatIso } from '#shared/time.ts';
import { deploymentName, type HoldDraft, type HoldRecord } from '../domain/hold-record.ts';
import { type ResumeAttempt, resumeReason } from './attempt-outcome.ts';
import type { FailedAction } from './event.ts';

// One line per outcome: which deployment, what happened, and why.

/** The same field names in every log line. */
export function logFields(hold: HoldDraft): Record<string, unknown> {
  const { actions, attempts, deployment, executionId, heldAt, pipeline, stage } = hold;
  return {
    deployment,
    pipeline,
    stage,
    executionId,
    actions: actions.map(({ action }) => action),
    heldAt: formatIso(heldAt),
    attempts,
  };
}

export function logHeld({ logger, metrics }: Invocation, hold: HoldDraft): void {
  logger.info('deployment held', { ...logFields(hold), reason: hold.reason });
  addCount(metrics, 'Held');
}

export function logDuplicate({ logger }: Invocation, action: FailedAction): void {
  logger.info('duplicate event ignored', actionFields(action));
}

/** Most failed Lambda actions of an account belong to other functions. */
export function logNotOurs({ logger, metrics }: Invocation, action: FailedAction): void {
  logger.debug('event ignored: the failed action is not a gate', actionFields(action));
  addCount(metrics, 'NotOurs');
}

export function logNotHeld({ logger, metrics }: Invocation, action: NamedAction, reason: string): void {
  logger.info('deployment not held', { ...actionFields(action), reason });
  addCount(metrics, 'Dropped');
}

export function logHealthStatus({ logger }: Invocation, hold: HoldDraft, checks: string): void {
  if (hold.retryAt === undefined)
    logger.info('cool-down ended: checks no longer clear', { ...logFields(hold), checks });
  else logger.info('cool-down started', { ...logFields(hold), retryAt: formatIso(hold.retryAt) });
}

const closed = {
  resumed: { message: 'deployment resumed', metric: 'Resumed' },
  abandoned: { message: 'deployment abandoned', metric: 'Abandoned' },
  dropped: { message: 'hold dropped', metric: 'Dropped' },
} as const;

export function logClosed(
  { logger, metrics }: Invocation,
  hold: HoldDraft,
  status: keyof typeof closed,
  reason: string | undefined,
): void {
  logger.info(closed[status].message, { ...logFields(hold), reason });
  addCount(metrics, closed[status].metric);
}

export function logPostponed({ logger, metrics }: Invocation, hold: HoldDraft): void {
  logger.info('resume postponed', { ...logFields(hold), waitReason: hold.waitReason });
  addCount(metrics, 'Postponed');
}

type NamedAction = Pick<FailedAction, 'action' | 'actionExecutionId' | 'executionId' | 'pipeline' | 'stage'>;

function actionFields(failed: NamedAction) {
  const { action, actionExecutionId, executionId, pipeline, stage } = failed;
  return { deployment: deploymentName(failed), pipeline, stage, action, executionId, actionExecutionId };
}

/** In a dry run, these lines replace the writes and mails. */
export function logPlannedOutcomes(
  { logger }: Invocation,
  attempts: readonly ResumeAttempt[],
  ready: readonly HoldRecord[],
): void {
  const resumed = ready.map(
    (hold): ResumeAttempt => ({ hold, outcome: { kind: 'resumed', reason: resumeReason(hold) } }),
  );
  for (const { hold, outcome } of [...attempts, ...resumed])
    logger.info('outcome planned', { ...logFields(hold), ...outcome });
}
