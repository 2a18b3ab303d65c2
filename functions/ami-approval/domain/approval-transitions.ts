import {
  type Approval,
  type Approver,
  approvalsOf,
  type Draft,
  type Entry,
  type Share,
  votesOf,
} from './approval-record.ts';
import type { Subject } from './approval-subject.ts';

// The life of a request. Every function takes a record and gives what becomes of it; nothing here writes.

/** A step that is asked for may not be repeated for longer than this after the decision. */
const PATIENCE_MS = 24 * 3_600_000;

export interface Asking {
  readonly subject: Subject;
  readonly fingerprint: string;
  readonly required: number;
  readonly approvers: readonly Approver[];
  readonly expiresAt: number;
  /** Why it is asked once more. */
  readonly why?: string;
}

type Keyed = Pick<Approval, 'image' | 'part'>;

/** The first round of a request. */
export function ask(key: Keyed, asking: Asking, now: number): Draft {
  return { ...key, ...roundOf(asking), round: 1, history: [{ at: now, round: 1, what: 'asked' }] };
}

/**
 * The next round of a request that is over: new links, no votes. Only after the round that the caller means, since a
 * late duplicate must not take up again what was rejected meanwhile.
 */
export function askAgain(known: Draft, after: number, asking: Asking, now: number): Draft | undefined {
  if (known.round !== after || !isOver(known)) return undefined;
  const round = known.round + 1;
  const { image, part, history } = known;
  const entry = note({ at: now, round, what: 'asked' }, asking.why);
  return { image, part, ...roundOf(asking), round, history: [...history, entry] };
}

/** Nothing is left to do for it but to ask anew. */
export function isOver({ status, open }: Draft): boolean {
  return status === 'outdated' || (open === undefined && status !== 'pending');
}

function roundOf({ why, ...asking }: Asking): Omit<Draft, 'image' | 'part' | 'round' | 'history'> {
  return { ...asking, open: 'open', status: 'pending', shares: {}, ...(why !== undefined && { why }) };
}

export interface Cast {
  readonly who: string;
  readonly decision: 'approve' | 'reject';
  readonly why?: string;
  readonly sourceIp: string;
  readonly userAgent: string;
}

/** counted: it is in the record. All others change nothing. */
export type Counted = 'counted' | 'repeated' | 'decided' | 'expired' | 'barred' | 'unknown';

export interface Voted {
  readonly counted: Counted;
  readonly record?: Draft;
}

/** One vote an approver; one rejection rejects; so many distinct approvals approve. */
export function vote(known: Draft, { decision, who, why, ...from }: Cast, now: number): Voted {
  if (!known.approvers.some(({ address }) => address === who)) return { counted: 'unknown' };
  if (votesOf(known).some((cast) => cast.who === who)) return { counted: 'repeated' };
  if (known.status === 'expired') return { counted: 'expired' };
  if (known.status !== 'pending') return { counted: 'decided' };
  if (now >= known.expiresAt) return { counted: 'expired' };
  if (decision === 'approve' && isBarred(known, who)) return { counted: 'barred' };
  const entry = note({ at: now, round: known.round, what: decision, who, ...from }, why);
  const record = { ...known, history: [...known.history, entry] };
  if (decision === 'reject') return { counted: 'counted', record: decide(record, 'rejected', now) };
  const isQuorum = approvalsOf(record).length >= known.required;
  return { counted: 'counted', record: isQuorum ? decide(record, 'approved', now) : record };
}

/** Whoever started the build may reject it, not approve it. */
export function isBarred({ subject }: Pick<Approval, 'subject'>, who: string): boolean {
  return subject.barred !== undefined && subject.barred.toLowerCase() === who.toLowerCase();
}

function decide(record: Draft, status: 'approved' | 'rejected', now: number): Draft {
  return { ...record, status, decidedAt: now };
}

/** What is to be done for a request now, and by whom: RequestApproval asks, ExecuteApproval acts. */
export function nextWork(known: Draft, now: number): 'ask' | 'act' | undefined {
  if (known.open === undefined || isLeased(known, now)) return undefined;
  // What could not be asked about again for a day is closed.
  if (known.status === 'outdated') return isHopeless(known, now) ? 'act' : 'ask';
  if (known.status !== 'pending') return 'act';
  if (now >= known.expiresAt) return 'act';
  return known.approvers.some(({ tokenHash }) => tokenHash === undefined) ? 'ask' : undefined;
}

export function isLeased({ leaseUntil }: Draft, now: number): boolean {
  return leaseUntil !== undefined && leaseUntil > now;
}

/** Takes a request for acting on it, so that no two do at once; a pending one that is over expires with it. */
export function claim(known: Draft, leaseMs: number, now: number): Draft | undefined {
  if (nextWork(known, now) !== 'act') return undefined;
  const leased = { ...known, leaseUntil: now + leaseMs };
  if (known.status !== 'pending') return leased;
  const entry: Entry = { at: now, round: known.round, what: 'expired' };
  return { ...leased, status: 'expired', decidedAt: now, history: [...known.history, entry] };
}

/** How acting on a decision ended. */
export interface Ending {
  readonly status: 'shared' | 'resumed' | 'rejected' | 'expired' | 'failed' | 'outdated';
  readonly shares?: Readonly<Record<string, Share>>;
  readonly why?: string;
}

/** Closes a request; only an outdated one stays open, for being asked again. The mail about it is claimed with it. */
export function settle(known: Draft, { status, shares = {}, why }: Ending, now: number): Draft {
  // Its why is that of the question, not of this end.
  const { leaseUntil: _lease, open: _open, why: _why, ...kept } = known;
  const isNew = status !== known.status;
  const entry = note({ at: now, round: known.round, what: status }, why);
  return {
    ...kept,
    status,
    shares: { ...known.shares, ...shares },
    ...(why !== undefined && { why }),
    ...(isNew && { history: [...known.history, entry] }),
    ...(status === 'outdated' ? { open: 'open' } : { notice: 'claimed' }),
  };
}

/** Part of it is done: kept, so that the next attempt does the rest. */
export function pause(known: Draft, shares: Readonly<Record<string, Share>>): Draft {
  const { leaseUntil: _lease, ...kept } = known;
  return { ...kept, shares: { ...known.shares, ...shares } };
}

/** SNS refused the mail about the end: it is due again. */
export function unclaimNotice(known: Draft): Draft | undefined {
  return known.notice === 'claimed' ? { ...known, open: 'open', notice: 'due' } : undefined;
}

/** Acting on it has failed for so long that a person has to look. */
export function isHopeless({ decidedAt }: Draft, now: number): boolean {
  return decidedAt !== undefined && now - decidedAt > PATIENCE_MS;
}

function note(entry: Entry, why: string | undefined): Entry {
  return why === undefined ? entry : { ...entry, why };
}
