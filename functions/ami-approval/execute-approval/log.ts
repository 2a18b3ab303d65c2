import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { ApprovalRecord } from '../domain/approval-record.ts';
import type { Draft } from '../domain/record-key.ts';

/** One line and one count for each request that is closed. */
export function logClosed({ logger, metrics }: Invocation, record: Draft<ApprovalRecord>): void {
  const { subject, part, status, round, shares, why } = record;
  const fields = { imageArn: subject.imageArn, part, status, round, shares };
  const withReason = why === undefined ? fields : { ...fields, reason: why };
  if (status === 'failed')
    logger.error('approval not carried out, see "Asking again" in operating.md', withReason);
  else logger.info('approval request closed', withReason);
  addCount(metrics, `RequestClosed.${status}`);
}
