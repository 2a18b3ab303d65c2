import { HOUR_MS } from '#shared/time.ts';
import {
  type ApprovalRecord,
  type ApprovalStatus,
  type Approver,
  type HistoryEntry,
  type ShareResult,
  votesOf,
} from './approval-record.ts';
import type { ApprovalSubject } from './approval-subject.ts';
import type { BuildReview } from './build-review.ts';
import { hasQuorum } from './current-rules.ts';
import type { BuildRecordKey, Draft } from './record-key.ts';
import { approversToRemind } from './reminders.ts';

// The life of a request. Every function takes a record and returns the next one; nothing here writes.

/** How long after the decision its execution is retried. */
const MAX_EXECUTION_MS = 24 * HOUR_MS;

export interface RoundInput {
  readonly subject: ApprovalSubject;
  readonly review?: BuildReview;
  readonly fingerprint: string;
  readonly required: number;
  readonly extraApprovals?: number;
  readonly approvers: readonly Approver[];
  readonly expiresAt: number;
  readonly remindAt?: number;
  /** What changed since the previous round. */
  readonly why?: string;
  /** The person who requests approval again after a round that is closed. */
  readonly reopening?: Reopening;
}

/** Who requests approval again, and why. Only a direct call of RequestApproval has it. */
export interface Reopening {
  readonly who: string;
  readonly why: string;
}

/** The first round of a request. */
export function createRequest(key: BuildRecordKey, input: RoundInput, now: number): Draft<ApprovalRecord> {
  return { ...key, ...pendingRound(input), round: 1, history: [{ at: now, round: 1, what: 'asked' }] };
}

/**
 * The next round of a finished request, with new links and no votes. Undefined unless `after` is the last round: a late
 * duplicate event must not reopen a request that was rejected since. An event alone only follows a build that changed.
 */
export function openNextRound(
  known: Draft<ApprovalRecord>,
  after: number,
  input: RoundInput,
  now: number,
): Draft<ApprovalRecord> | undefined {
  if (known.round !== after || !canOpenNextRound(known, input.reopening)) return undefined;
  const round = known.round + 1;
  const { image, part, history } = known;
  const entry = askedEntry(now, round, input);
  return { image, part, ...pendingRound(input), round, history: [...history, entry] };
}

/** What was shared or resumed is never asked about again. */
const REOPENABLE: readonly ApprovalStatus[] = ['rejected', 'expired', 'cancelled', 'failed'];

/** A changed build gets its next round by an event. Every other closed request needs a person who takes responsibility. */
export function canOpenNextRound(
  { status, open }: Pick<Draft<ApprovalRecord>, 'status' | 'open'>,
  reopening: Reopening | undefined,
): boolean {
  return reopening ? open === undefined && REOPENABLE.includes(status) : status === 'outdated';
}

function askedEntry(at: number, round: number, { why, reopening }: RoundInput): HistoryEntry {
  return withReason({ at, round, what: 'asked', ...reopening }, reopening?.why ?? why);
}

function pendingRound({
  why,
  reopening: _,
  ...input
}: RoundInput): Omit<Draft<ApprovalRecord>, 'image' | 'part' | 'round' | 'history'> {
  return { ...input, open: 'open', status: 'pending', shares: {}, ...(why !== undefined && { why }) };
}

export interface VoteInput {
  readonly who: string;
  readonly decision: 'approve' | 'reject';
  readonly why?: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly signedInAs?: string;
}

/** Only a `counted` vote changes the record. */
export type VoteOutcome = 'counted' | 'repeated' | 'decided' | 'expired' | 'not allowed' | 'unknown';

export interface VoteResult {
  readonly outcome: VoteOutcome;
  readonly record?: Draft<ApprovalRecord>;
}

/**
 * Each approver has one vote. One rejection rejects; `required` approvals by different approvers approve. Until then,
 * who approved may still reject: they may have seen something in the meantime.
 */
export function applyVote(
  known: Draft<ApprovalRecord>,
  { decision, who, why, ...client }: VoteInput,
  now: number,
): VoteResult {
  if (!known.approvers.some(({ address }) => address === who)) return { outcome: 'unknown' };
  if (hasVotedLike(known, who, decision)) return { outcome: 'repeated' };
  if (known.status === 'expired') return { outcome: 'expired' };
  if (known.status !== 'pending') return { outcome: 'decided' };
  if (now >= known.expiresAt) return { outcome: 'expired' };
  if (decision === 'approve' && isInitiator(known, who)) return { outcome: 'not allowed' };
  const entry = withReason({ at: now, round: known.round, what: decision, who, ...client }, why);
  const record = { ...known, history: [...known.history, entry] };
  if (decision === 'reject') return { outcome: 'counted', record: decide(record, 'rejected', now) };
  return { outcome: 'counted', record: hasQuorum(record) ? decide(record, 'approved', now) : record };
}

/** An approval after a rejection of the same person counts as a repetition too: the request is decided. */
function hasVotedLike(known: Draft<ApprovalRecord>, who: string, decision: VoteInput['decision']): boolean {
  return votesOf(known).some(
    (vote) => vote.who === who && (vote.what === decision || vote.what === 'reject'),
  );
}

/** Whether this approver started the build, so that they can reject it but not approve it. */
export function isInitiator({ subject }: Pick<ApprovalRecord, 'subject'>, who: string): boolean {
  return subject.initiator !== undefined && subject.initiator.toLowerCase() === who.toLowerCase();
}

function decide(
  record: Draft<ApprovalRecord>,
  status: 'approved' | 'rejected',
  now: number,
): Draft<ApprovalRecord> {
  return { ...record, status, decidedAt: now };
}

/**
 * What to do next: `ask` is for RequestApproval (open a round, send mails), `act` for ExecuteApproval.
 *
 * @param isReachable whether a link can be sent to an approver now
 */
export function nextAction(
  known: Draft<ApprovalRecord>,
  now: number,
  isReachable: (address: string) => boolean = () => true,
): 'ask' | 'act' | undefined {
  if (known.open === undefined || isLeased(known, now)) return undefined;
  // If no new round could be opened for a day, the request is closed.
  if (known.status === 'outdated') return hasFailedTooLong(known, now) ? 'act' : 'ask';
  if (known.status !== 'pending') return 'act';
  if (now >= known.expiresAt || hasQuorum(known)) return 'act';
  const toInvite = known.approvers.flatMap(({ address, tokenHash, isRevoked }) =>
    tokenHash === undefined && !isRevoked ? [address] : [],
  );
  return [...toInvite, ...approversToRemind(known, now)].some(isReachable) ? 'ask' : undefined;
}

export function isLeased({ leaseUntil }: Draft<ApprovalRecord>, now: number): boolean {
  return leaseUntil !== undefined && leaseUntil > now;
}

/**
 * Claims a request for one execution at a time. In the same write, a pending request expires past its deadline, and is
 * approved if fewer approvals are needed than before.
 */
export function claimRequest(
  known: Draft<ApprovalRecord>,
  leaseMs: number,
  now: number,
): Draft<ApprovalRecord> | undefined {
  if (nextAction(known, now) !== 'act') return undefined;
  const leased = { ...known, leaseUntil: now + leaseMs };
  if (known.status !== 'pending') return leased;
  if (hasQuorum(known)) return decide(leased, 'approved', now);
  const entry: HistoryEntry = { at: now, round: known.round, what: 'expired' };
  return { ...leased, status: 'expired', decidedAt: now, history: [...known.history, entry] };
}

/** How the execution of a decision ended. */
export interface ExecutionOutcome {
  readonly status: 'shared' | 'resumed' | 'rejected' | 'expired' | 'cancelled' | 'failed' | 'outdated';
  readonly shares?: Readonly<Record<string, ShareResult>>;
  readonly why?: string;
}

/** Closes a request and claims its closing mail. An outdated request stays open, because a new round follows. */
export function applyOutcome(
  known: Draft<ApprovalRecord>,
  { status, shares = {}, why }: ExecutionOutcome,
  now: number,
): Draft<ApprovalRecord> {
  // `why` so far says why approval was requested again, not how it ended.
  const { leaseUntil: _lease, open: _open, why: _why, ...kept } = known;
  const isNew = status !== known.status;
  const entry = withReason({ at: now, round: known.round, what: status }, why);
  return {
    ...kept,
    status,
    shares: { ...known.shares, ...shares },
    ...(why !== undefined && { why }),
    ...(isNew && { history: [...known.history, entry] }),
    ...(status === 'outdated' ? { open: 'open' } : { mailStatus: 'claimed' }),
  };
}

/** Releases the claim and keeps the shares that are done, so that the next attempt does only the rest. */
export function releaseClaim(
  known: Draft<ApprovalRecord>,
  shares: Readonly<Record<string, ShareResult>>,
): Draft<ApprovalRecord> {
  const { leaseUntil: _lease, ...kept } = known;
  return { ...kept, shares: { ...known.shares, ...shares } };
}

/** SNS refused the closing mail, so it is due again. @param mailDue the recipients whose mail it refused */
export function markMailDue(
  known: Draft<ApprovalRecord>,
  mailDue: readonly string[],
): Draft<ApprovalRecord> | undefined {
  return known.mailStatus === 'claimed' ? { ...known, open: 'open', mailStatus: 'due', mailDue } : undefined;
}

/** The execution has failed for so long that a person must act. */
export function hasFailedTooLong({ decidedAt }: Draft<ApprovalRecord>, now: number): boolean {
  return decidedAt !== undefined && now - decidedAt > MAX_EXECUTION_MS;
}

function withReason(entry: HistoryEntry, why: string | undefined): HistoryEntry {
  return why === undefined ? entry : { ...entry, why };
}
