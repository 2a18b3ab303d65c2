import { type ApprovalRecord, type Approver, approvalsOf } from './approval-record.ts';
import type { Draft } from './record-key.ts';

/** The settings of now. They count at once, also for requests that are open. */
export interface ApprovalRules {
  readonly approvers: readonly string[];
  readonly required: number;
}

/**
 * An open request as the settings of now see it: without the approvers who left, so that their links and votes no longer
 * count; with new approvers, who get a mail; with the current number of approvals.
 */
export function withCurrentRules<R extends Draft<ApprovalRecord>>(
  record: R,
  settings: { rulesFor(pipeline: string | undefined): ApprovalRules },
): R {
  if (record.open === undefined || (record.status !== 'pending' && record.status !== 'approved'))
    return record;
  const { approvers, required } = settings.rulesFor(record.subject.pipeline);
  const known = new Map(record.approvers.map((approver) => [approver.address.toLowerCase(), approver]));
  const current = approvers.map((address): Approver => known.get(address.toLowerCase()) ?? { address });
  return { ...record, approvers: current, required: required + (record.extraApprovals ?? 0) };
}

export function hasQuorum(
  record: Pick<ApprovalRecord, 'history' | 'round' | 'approvers' | 'required'>,
): boolean {
  return approvalsOf(record).length >= record.required;
}

/** An approver left, or more approvals are needed than before: an approved request is open for votes again. */
export function reopenVoting(known: Draft<ApprovalRecord>, now: number): Draft<ApprovalRecord> {
  const { leaseUntil: _lease, decidedAt: _decided, ...kept } = known;
  const why = 'fewer approvals than required are left, because the approvers or their number changed';
  const entry = { at: now, round: known.round, what: 'pending', why } as const;
  return { ...kept, status: 'pending', history: [...known.history, entry] };
}
