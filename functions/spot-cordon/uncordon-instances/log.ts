import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { CordonRecord, LaunchFailure } from '../domain/cordon-record.ts';
import type { UncordonDecision } from '../domain/uncordon-decision.ts';
import { logFields } from '../messages/log.ts';

// One line per outcome: what was done with which record, and why.

export function logUncordoned({ logger }: Invocation, record: CordonRecord, why: string): void {
  logger.info('instance uncordoned', { ...logFields(record), why });
}

export function countUncordoned({ metrics }: Invocation, count: number): void {
  addCount(metrics, 'Uncordoned', count);
}

/** The record changed at the last moment, so the cordon stays. */
export function logCordonedAgain({ logger }: Invocation, record: CordonRecord, why: string): void {
  logger.info('instance uncordoned, then cordoned again by a new disruption', { ...logFields(record), why });
}

/** The instance stays out: registering it again could send traffic to the wrong place. */
export function logNotRestored(
  { logger, metrics }: Invocation,
  record: CordonRecord,
  about: { readonly loadBalancer: string; readonly reason: string },
): void {
  logger.warn('registration not restored', { ...logFields(record), ...about });
  addCount(metrics, 'RegistrationNotRestored');
}

export function logDeleted({ logger, metrics }: Invocation, records: readonly CordonRecord[]): void {
  for (const record of records) logger.info('cordon record deleted', logFields(record));
  addCount(metrics, 'Forgotten', records.length);
}

export function logRequeued({ logger }: Invocation, records: readonly CordonRecord[]): void {
  for (const record of records)
    logger.info(
      record.status === 'deferred'
        ? 'deferred maintenance is due, requeued to CordonInstances'
        : 'drain that waits for healthy targets, requeued to CordonInstances',
      logFields(record),
    );
}

export function logOverdue({ logger, metrics }: Invocation, records: readonly CordonRecord[]): void {
  for (const record of records)
    logger.warn('instance still running long after its deadline', logFields(record));
  addCount(metrics, 'Overdue', records.length);
}

export function logLaunchFailures(
  { logger, metrics }: Invocation,
  records: readonly CordonRecord[],
  failure: LaunchFailure,
): void {
  for (const record of records)
    logger.warn('replacement could not be launched', { ...logFields(record), failure });
  addCount(metrics, 'ReplacementFailed', records.length);
}

export function logOverdueTerminated({ logger, metrics }: Invocation, record: CordonRecord): void {
  logger.info('overdue instance terminated', logFields(record));
  addCount(metrics, 'OverdueTerminated');
}

/** Its owner changed something since, or EC2 refused. The next sweep decides again. */
export function logOverdueKept({ logger }: Invocation, record: CordonRecord, reason: unknown): void {
  logger.warn('overdue instance not terminated', { ...logFields(record), reason });
}

export function logDryRun({ logger }: Invocation, record: CordonRecord, decision: UncordonDecision): void {
  if (decision.kind === 'keep') return;
  const why = 'reason' in decision ? { why: decision.reason } : {};
  const next = 'next' in decision ? { next: decision.next } : {};
  logger.info('cordon change planned', {
    dryRun: true,
    ...logFields(record),
    decision: decision.kind,
    ...why,
    ...next,
  });
}
