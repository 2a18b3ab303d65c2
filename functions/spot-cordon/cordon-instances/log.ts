import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { logFields } from '../messages/log.ts';
import type { DroppedEvent } from './group-batch.ts';
import type { WorkItem } from './work-item.ts';

// One line per outcome: what was done for which instance, and why.

export function logCordoned({ logger, now }: Invocation, item: WorkItem): void {
  const failed = [...item.failures.keys()];
  const isPartial = failed.length > 0;
  logger.info(isPartial ? 'instance partly cordoned, message will be retried' : 'instance cordoned', {
    ...(item.heldPools.length > 0 && { waitsFor: item.heldPools }),
    ...logFields(item.record),
    change: item.change,
    steps: item.outcomes,
    ...(isPartial && { failed }),
    ...(item.remarks.length > 0 && { remarks: item.remarks }),
    secondsAfterEvent: Math.round((now() - item.record.eventTime) / 1000),
  });
}

/** Counts the instances that need nothing more, by severity. */
export function countCordoned({ metrics }: Invocation, items: readonly WorkItem[]): void {
  const done = items.filter(
    (item) => !item.uncordonInProgress && item.failures.size === 0 && item.heldPools.length === 0,
  );
  for (const [severity, some] of Map.groupBy(done, ({ record }) => record.severity))
    addCount(metrics, `Cordoned.${severity}`, some.length);
}

export function logDryRun({ logger }: Invocation, item: WorkItem): void {
  logger.info('instance cordon planned', {
    dryRun: true,
    ...logFields(item.record),
    change: item.change,
    targets: item.targets.map(
      ({ targetGroupArn, targets }) => `${targets.length} targets of ${targetGroupArn}`,
    ),
    classicLoadBalancers: item.classicLoadBalancers,
    replacement: item.replacement,
  });
}

export function logDeferred({ logger }: Invocation, instanceId: string, record?: CordonRecord): void {
  const dueAt = record?.dueAt === undefined ? {} : { dueAt: new Date(record.dueAt).toISOString() };
  if (record) logger.info('cordon deferred: maintenance is not due yet', { instanceId, ...dueAt });
  else logger.info('due event ignored: no cordon record', { instanceId });
}

/** The maintenance was called off or moved, or the cordon has expired. The next sweep undoes it. */
export function logEnding({ logger }: Invocation, record: CordonRecord): void {
  logger.info('cordon ends with the next sweep', logFields(record));
}

export function logDuplicate({ logger, metrics }: Invocation, record: CordonRecord): void {
  logger.info('duplicate event ignored', logFields(record));
  addCount(metrics, 'Duplicate');
}

export function logDropped({ logger, metrics }: Invocation, dropped: readonly DroppedEvent[]): void {
  for (const { instanceId, reason, detail } of dropped)
    logger.warn('event dropped', { instanceId, reason, ...detail });
  addCount(metrics, 'Dropped', dropped.length);
}
