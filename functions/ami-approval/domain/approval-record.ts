import { sha256 } from '#shared/hash.ts';
import type { Subject } from './approval-subject.ts';

/**
 * pending: open for votes. approved, rejected, expired: decided, and still to be acted on while `open`. outdated: what
 * was approved is no longer what is there; asked again. shared, resumed, failed: over.
 */
export type Status =
  | 'pending'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'outdated'
  | 'shared'
  | 'resumed'
  | 'failed';

/** Somebody who was asked. Without a hash his mail is still to be sent. */
export interface Approver {
  readonly address: string;
  readonly tokenHash?: string;
}

/** Something that happened: who, when, what, why, from where. */
export interface Entry {
  readonly at: number;
  readonly round: number;
  readonly what: 'asked' | 'approve' | 'reject' | Status;
  readonly who?: string;
  readonly why?: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
}

/** What became of one AMI. */
export interface Share {
  readonly region: string;
  readonly result: 'shared' | 'failed';
  /** Why it failed, or what its users should know. */
  readonly remarks: readonly string[];
}

/** The key of a record: everything about one image build lies together. */
export interface Key {
  /** The hash of the build's ARN. */
  readonly image: string;
  /** `share`, or the id of the workflow step that waits. */
  readonly part: string;
}

/** The record of one request, and the source of truth. */
export interface Approval extends Key {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
  /** There while something is left to do; the index of open requests holds no others. */
  readonly open?: 'open';
  readonly status: Status;
  /** Counts up each time the request is asked anew; votes and links hold for one round. */
  readonly round: number;
  readonly subject: Subject;
  /** The hash of all that an approval is bound to. */
  readonly fingerprint: string;
  /** Approvals it takes. */
  readonly required: number;
  readonly approvers: readonly Approver[];
  readonly expiresAt: number;
  readonly decidedAt?: number;
  /** Somebody is acting on it until then. */
  readonly leaseUntil?: number;
  /** By AMI id. */
  readonly shares: Readonly<Record<string, Share>>;
  /** Why it failed or was asked anew. */
  readonly why?: string;
  /** The mail about its end: `due` when SNS refused it. */
  readonly notice?: 'claimed' | 'due';
  readonly history: readonly Entry[];
}

/** A record before its write gives it a revision. */
export type Draft<T extends { readonly revision: string } = Approval> = Omit<T, 'revision'>;

export function imageKey(imageArn: string): string {
  return sha256(imageArn, 32);
}

export function keyOf(imageArn: string, stepExecutionId?: string): Key {
  return { image: imageKey(imageArn), part: stepExecutionId ?? 'share' };
}

export interface Vote extends Entry {
  readonly what: 'approve' | 'reject';
  readonly who: string;
}

/** The votes of the present round, the oldest first. */
export function votesOf({ history, round }: Pick<Approval, 'history' | 'round'>): readonly Vote[] {
  return history.filter((entry): entry is Vote => entry.round === round && isVote(entry));
}

function isVote({ what, who }: Entry): boolean {
  return (what === 'approve' || what === 'reject') && who !== undefined;
}

export function approvalsOf(record: Pick<Approval, 'history' | 'round'>): readonly string[] {
  return votesOf(record).flatMap(({ what, who }) => (what === 'approve' ? [who] : []));
}
