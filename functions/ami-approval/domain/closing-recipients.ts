import { type ApprovalRecord, votesOf } from './approval-record.ts';

/** The owners of the targets, among the recipients. No address can be equal to it. */
export const OWNERS = 'owners';

/**
 * Who hears how a request ended. If it went well, these are the owners of the targets, and those who were asked, except
 * the person whose vote decided: they have seen it on the page. Otherwise all who were asked.
 */
export function closingRecipients(
  record: Pick<ApprovalRecord, 'status' | 'approvers' | 'history' | 'round'>,
): string[] {
  const asked = record.approvers.map(({ address }) => address);
  if (record.status !== 'shared' && record.status !== 'resumed') return asked;
  const decider = votesOf(record).at(-1)?.who;
  const others = asked.filter((address) => address !== decider);
  return record.status === 'shared' ? [OWNERS, ...others] : others;
}
