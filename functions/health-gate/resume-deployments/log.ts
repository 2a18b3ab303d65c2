import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { type Draft, nameOf } from '../domain/hold-record.ts';
import { iso } from '../messages/verdict-text.ts';
import type { FailedAction } from './event.ts';

// One line an outcome: what became of which deployment, and why.

/** The same names in every log line. */
export function describe(hold: Draft): Record<string, unknown> {
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

export function reportHeld({ logger, metrics }: Invocation, hold: Draft): void {
  logger.info('held', { ...describe(hold), reason: hold.reason });
  addCount(metrics, 'Held');
}

export function reportDuplicate({ logger }: Invocation, action: FailedAction): void {
  logger.info('nothing to do: known already', idsOf(action));
}

/** Most failed Lambda actions of an account are other functions'. */
export function reportNotOurs({ logger, metrics }: Invocation, action: FailedAction): void {
  logger.debug('no gate failed', idsOf(action));
  addCount(metrics, 'NotOurs');
}

export function reportNotHeld({ logger, metrics }: Invocation, action: Named, reason: string): void {
  logger.info('not held', { ...idsOf(action), reason });
  addCount(metrics, 'Dropped');
}

export function reportOutlook({ logger }: Invocation, hold: Draft, found: string): void {
  if (hold.retryAt === undefined) logger.info('not clear any more', { ...describe(hold), found });
  else logger.info('clearing', { ...describe(hold), retryAt: iso(hold.retryAt) });
}

const metricOf = { resumed: 'Resumed', 'given up': 'GivenUp', dropped: 'Dropped' } as const;

export function reportEnd(
  { logger, metrics }: Invocation,
  hold: Draft,
  end: keyof typeof metricOf,
  reason: string | undefined,
): void {
  logger.info(end, { ...describe(hold), reason });
  addCount(metrics, metricOf[end]);
}

export function reportDeferred({ logger, metrics }: Invocation, hold: Draft): void {
  logger.info('put off', { ...describe(hold), waitsFor: hold.waitsFor });
  addCount(metrics, 'Deferred');
}

type Named = Pick<FailedAction, 'action' | 'actionExecutionId' | 'executionId' | 'pipeline' | 'stage'>;

function idsOf(failed: Named) {
  const { action, actionExecutionId, executionId, pipeline, stage } = failed;
  return { deployment: nameOf(failed), pipeline, stage, action, executionId, actionExecutionId };
}
