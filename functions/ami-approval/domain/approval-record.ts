import { sha256 } from '#shared/hash.ts';
import type { ApprovalSubject } from './approval-subject.ts';
import type { BuildReview } from './build-review.ts';
import type { BuildRecordKey } from './record-key.ts';

/**
 * pending: open for votes. approved, rejected, expired: decided, and to be executed while `open` is set. outdated: the
 * build changed after the approval, so a new round follows. shared, resumed, cancelled, failed: closed.
 */
export type ApprovalStatus =
  | 'pending'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'outdated'
  | 'shared'
  | 'resumed'
  | 'cancelled'
  | 'failed';

/** A person who can vote. Without a hash, their mail is still to be sent. */
export interface Approver {
  readonly address: string;
  readonly tokenHash?: string;
  /** Of the link in their reminder. Who has it is not reminded again. */
  readonly reminderHash?: string;
  /** Their links of this round were revoked: no link works, and no approval of theirs counts. */
  readonly isRevoked?: true;
}

/** One event in the life of a request. */
export interface HistoryEntry {
  readonly at: number;
  readonly round: number;
  readonly what: 'asked' | 'approve' | 'reject' | 'revoked' | ApprovalStatus;
  readonly who?: string;
  readonly why?: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
  /** The verified address of a person who signed in. */
  readonly signedInAs?: string;
}

/** The result for one AMI. */
export interface ShareResult {
  readonly region: string;
  readonly result: 'shared' | 'failed';
  /** Why sharing failed, or what the users of the AMI should know. */
  readonly remarks: readonly string[];
}

/** One approval request: the source of truth. */
export interface ApprovalRecord extends BuildRecordKey {
  /** Changes with every write and is the condition of the next one. */
  readonly revision: string;
  /** Set while something is left to do; the index OpenRequests holds only these records. */
  readonly open?: 'open';
  readonly status: ApprovalStatus;
  /** Increases each time approval is requested again. Votes and links count for one round. */
  readonly round: number;
  readonly subject: ApprovalSubject;
  /** What helps to decide. */
  readonly review?: BuildReview;
  /** The hash of everything that an approval is bound to. */
  readonly fingerprint: string;
  /** How many approvals are needed. */
  readonly required: number;
  /** How many of them are needed because it is unknown who started the build. */
  readonly extraApprovals?: number;
  readonly approvers: readonly Approver[];
  readonly expiresAt: number;
  /** From when on approvers who have not voted get a reminder. */
  readonly remindAt?: number;
  readonly decidedAt?: number;
  /** One execution holds the claim until then. */
  readonly leaseUntil?: number;
  /** By AMI id. */
  readonly shares: Readonly<Record<string, ShareResult>>;
  /** Why it failed, or why approval is requested again. */
  readonly why?: string;
  /** The closing mail. `claimed`: sent, or lost. `due`: SNS refused it, so it is sent again. */
  readonly mailStatus?: 'claimed' | 'due';
  /** The approvers, and `owners`, to whom it is still to be sent. Undefined: to all. */
  readonly mailDue?: readonly string[];
  readonly history: readonly HistoryEntry[];
}

export function imageKey(imageArn: string): string {
  return sha256(imageArn, 32);
}

export function keyOf(imageArn: string, stepExecutionId?: string): BuildRecordKey {
  return { image: imageKey(imageArn), part: stepExecutionId ?? 'share' };
}

export function keyOfRecord({ image, part }: BuildRecordKey): BuildRecordKey {
  return { image, part };
}

export interface Vote extends HistoryEntry {
  readonly what: 'approve' | 'reject';
  readonly who: string;
}

/** The votes of the current round, oldest first. */
export function votesOf({ history, round }: Pick<ApprovalRecord, 'history' | 'round'>): readonly Vote[] {
  return history.filter((entry): entry is Vote => entry.round === round && isVote(entry));
}

function isVote({ what, who }: HistoryEntry): boolean {
  return (what === 'approve' || what === 'reject') && who !== undefined;
}

/** Only of those who still are approvers. */
export function approvalsOf(
  record: Pick<ApprovalRecord, 'history' | 'round' | 'approvers'>,
): readonly string[] {
  const current = new Set(
    record.approvers.filter(({ isRevoked }) => !isRevoked).map(({ address }) => address),
  );
  return votesOf(record).flatMap(({ what, who }) => (what === 'approve' && current.has(who) ? [who] : []));
}
