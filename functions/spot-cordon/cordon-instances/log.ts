import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { Cordon } from '../domain/cordon-record.ts';
import { describe } from '../messages/log.ts';
import type { Dropped } from './group-batch.ts';
import type { Case } from './work-item.ts';

// One line an outcome: what was done for which instance, and why.

export function reportCase({ logger, now }: Invocation, one: Case): void {
  const failed = [...one.failures.keys()];
  logger.info(failed.length > 0 ? 'cordoned in part, comes again' : 'cordoned', {
    ...describe(one.record),
    change: one.change,
    steps: one.outcomes,
    ...(failed.length > 0 && { failed }),
    ...(one.remarks.length > 0 && { remarks: one.remarks }),
    secondsAfterEvent: Math.round((now() - one.record.eventTime) / 1000),
  });
}

export function reportDryRun(
  { logger }: Invocation,
  { record, drain, drainClassic, replacement, change }: Case,
): void {
  logger.info('dry run: would cordon', {
    ...describe(record),
    change,
    drain: drain.map(({ targetGroupArn, targets }) => `${targets.length} targets of ${targetGroupArn}`),
    drainClassic,
    replacement,
  });
}

export function reportWaiting({ logger }: Invocation, instanceId: string, record: Cordon | undefined): void {
  const dueAt = record?.dueAt === undefined ? {} : { dueAt: new Date(record.dueAt).toISOString() };
  logger.info(record ? `nothing to do: ${record.status}` : 'nothing to do: no record', {
    instanceId,
    ...dueAt,
  });
}

export function reportDuplicate({ logger, metrics }: Invocation, record: Cordon): void {
  logger.info('nothing to do: cordoned already', describe(record));
  addCount(metrics, 'Duplicate');
}

export function reportDropped({ logger, metrics }: Invocation, dropped: readonly Dropped[]): void {
  for (const { instanceId, reason, detail } of dropped)
    logger.warn('dropped', { instanceId, reason, ...detail });
  addCount(metrics, 'Dropped', dropped.length);
}
