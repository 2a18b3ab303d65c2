import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { deploymentName, type HoldDraft } from '../domain/hold-record.ts';
import { iso } from '../messages/verdict-text.ts';
import type { FailedAction } from './event.ts';

// One line an outcome: what became of which deployment, and why.

/** The same names in every log line. */
export function logFields(hold: HoldDraft): Record<string, unknown> {
  const { actions, attempts, deployment, executionId, heldAt, pipeline, stage } = hold;
  return {
    deployment,
    pipeline,
    stage,
    executionId,
    actions: actions.map(({ action }) => action),
    heldAt: iso(heldAt),
    attempts,
  };
}

export function logHeld({ logger, metrics }: Invocation, hold: HoldDraft): void {
  logger.info('held', { ...logFields(hold), reason: hold.reason });
  addCount(metrics, 'Held');
}

export function logDuplicate({ logger }: Invocation, action: FailedAction): void {
  logger.info('nothing to do: known already', actionFields(action));
}

/** Most failed Lambda actions of an account are other functions'. */
export function logNotOurs({ logger, metrics }: Invocation, action: FailedAction): void {
  logger.debug('no gate failed', actionFields(action));
  addCount(metrics, 'NotOurs');
}

export function logNotHeld({ logger, metrics }: Invocation, action: NamedAction, reason: string): void {
  logger.info('not held', { ...actionFields(action), reason });
  addCount(metrics, 'Dropped');
}

export function logHealthStatus({ logger }: Invocation, hold: HoldDraft, found: string): void {
  if (hold.retryAt === undefined) logger.info('not clear any more', { ...logFields(hold), found });
  else logger.info('clearing', { ...logFields(hold), retryAt: iso(hold.retryAt) });
}

const metricNames = { resumed: 'Resumed', 'given up': 'GivenUp', dropped: 'Dropped' } as const;

export function logClosed(
  { logger, metrics }: Invocation,
  hold: HoldDraft,
  end: keyof typeof metricNames,
  reason: string | undefined,
): void {
  logger.info(end, { ...logFields(hold), reason });
  addCount(metrics, metricNames[end]);
}

export function logPostponed({ logger, metrics }: Invocation, hold: HoldDraft): void {
  logger.info('put off', { ...logFields(hold), waitsFor: hold.waitReason });
  addCount(metrics, 'Deferred');
}

type NamedAction = Pick<FailedAction, 'action' | 'actionExecutionId' | 'executionId' | 'pipeline' | 'stage'>;

function actionFields(failed: NamedAction) {
  const { action, actionExecutionId, executionId, pipeline, stage } = failed;
  return { deployment: deploymentName(failed), pipeline, stage, action, executionId, actionExecutionId };
}
