import { truncate } from '#shared/redact.ts';
import type { Policy } from './policy.ts';
import { type Pace, retryTime, SWEEP_MS, spreadTime } from './resume-schedule.ts';

/**
 * `held` waits for AWS Health, `clearing` for its cool-down, `retrying` is being resumed by somebody, whose claim dies
 * with its lease. The others are ends: `resumed` can be held again, `dropped` is nobody's business any more.
 */
export type Status = 'held' | 'clearing' | 'retrying' | 'resumed' | 'dropped' | 'given up';

/** The record of one deployment that a gate stopped: an execution in a stage of a pipeline. Times are epoch milliseconds. */
export interface Hold extends Place {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
  /** `<pipeline>/<stage>/<execution>`. */
  readonly deployment: string;
  readonly pipelineVersion: number;
  /** What the gates stopped at last. */
  readonly actions: readonly Stopped[];
  /** Runs of actions that were taken in already, so that a late duplicate of an event changes nothing. */
  readonly seen: readonly string[];
  readonly reason: string;
  /** When it was stopped first: by this its age is counted, however often it is resumed. A retry by hand begins anew. */
  readonly heldAt: number;
  readonly status: Status;
  /** How often it was resumed, a claim counted. */
  readonly attempts: number;
  readonly clearSince?: number;
  readonly retryAt?: number;
  /** When the last claim was made. */
  readonly claimedAt?: number;
  /** Why it was put off although its time had come. */
  readonly waitsFor?: string;
  readonly notices: Notices;
  readonly endedWhy?: string;
  readonly endedAt?: number;
  /** When DynamoDB may delete it; epoch seconds. */
  readonly expires: number;
}

export interface Place {
  readonly pipeline: string;
  readonly pipelineArn: string;
  readonly stage: string;
  readonly executionId: string;
}

/** A gate action that failed, and the policy under which. */
export interface Stopped {
  readonly action: string;
  readonly actionExecutionId: string;
  readonly jobId: string;
  readonly at: number;
  readonly policy: Policy;
}

/** Mails that were claimed. Numbers are the attempts made until then, so that each round has one of its own. */
export interface Notices {
  readonly held?: number;
  readonly resumed?: number;
  readonly 'given up'?: true;
}
export type Notice = keyof Notices;

export type Draft = Omit<Hold, 'revision'>;

export interface Limits {
  readonly maxAttempts: number;
  readonly maxHoldMs: number;
}

/** What a gate has stopped, as its event and its own record tell it. */
export interface Stoppage extends Stopped {
  readonly place: Place;
  readonly pipelineVersion: number;
  readonly reason: string;
}

/** A claim that is older belongs to a run that has died. */
export const LEASE_MS = 120_000;
/** How long an ended record stays, for whoever asks later what became of it. */
const KEPT_S = 7 * 86_400;
const MOST_SEEN = 50;
const LONGEST_REASON = 1000;

export function nameOf({ pipeline, stage, executionId }: Omit<Place, 'pipelineArn'>): string {
  return `${pipeline}/${stage}/${executionId}`;
}

export function isOpen({ status }: Pick<Hold, 'status'>): boolean {
  return status === 'held' || status === 'clearing' || status === 'retrying';
}

export function isTooOld({ heldAt }: Pick<Hold, 'heldAt'>, { maxHoldMs }: Limits, now: number): boolean {
  return now - heldAt > maxHoldMs;
}

/** Resumes that were carried out: the one that is claimed just now, or died with its claim, was not yet. */
export function attemptsMade({ status, attempts }: Pick<Hold, 'status' | 'attempts'>): number {
  return status === 'retrying' ? attempts - 1 : attempts;
}

/** What a stoppage makes of the record: the same but for `seen` when it is over; undefined when it is known already. */
export function absorb(
  known: Draft | undefined,
  stoppage: Stoppage,
  limits: Limits,
  now: number,
): Draft | undefined {
  if (!known) return opened(stoppage, limits);
  if (known.seen.includes(stoppage.actionExecutionId)) return undefined;
  const seen = [...known.seen, stoppage.actionExecutionId].slice(-MOST_SEEN);
  if (whyOver(known, stoppage)) return { ...known, seen };
  const goesOn = known.status === 'held' || known.status === 'clearing';
  const actions = goesOn ? joined(known.actions, stoppedIn(stoppage)) : [stoppedIn(stoppage)];
  const reason = truncate(stoppage.reason, LONGEST_REASON);
  const { pipelineVersion } = stoppage;
  const held: Draft = {
    ...begun(known, stoppage, limits),
    status: 'held',
    pipelineVersion,
    seen,
    actions,
    reason,
  };
  if (held.attempts >= limits.maxAttempts)
    return end(held, 'given up', `the gate stopped it again after ${timesOf(held.attempts)}`, now);
  return isTooOld(held, limits, now) ? end(held, 'given up', tooOld(limits), now) : held;
}

/** Why a stoppage that comes late holds nothing: since then the deployment has been resumed, or given up. */
export function whyOver(known: Draft, { at }: Pick<Stoppage, 'at'>): string | undefined {
  if (at < (known.claimedAt ?? 0)) return 'it has been resumed since';
  // Not so for what was dropped: a gate may stop it again before the retry by hand is noticed.
  const isOver = known.status === 'given up' && at <= (known.endedAt ?? 0);
  return isOver ? `it has been given up since: ${known.endedWhy}` : undefined;
}

/** What the sources say now: only a PASS of every gate starts the cool-down, and only a finding ends it. */
export type Outlook = 'clear' | 'blocked' | 'unknown';

/**
 * What an outlook makes of a hold that waits; undefined leaves it as it is. A time that passed while AWS Health could not
 * be read proves no cool-down, and all whose times have passed would go at once: they are drawn anew.
 */
export function heed(hold: Draft, outlook: Outlook, pace: Pace, now: number): Draft | undefined {
  if (outlook === 'clear' && hold.status === 'held')
    return { ...hold, status: 'clearing', clearSince: now, retryAt: retryTime(hold.deployment, now, pace) };
  if (hold.status !== 'clearing') return undefined;
  if (outlook === 'blocked') return { ...settled(hold), status: 'held' };
  const { deployment, retryAt = 0, waitsFor } = hold;
  const overdueMs = now - retryAt;
  if (outlook === 'unknown')
    return overdueMs < 0
      ? undefined
      : { ...settled(hold), clearSince: now, retryAt: retryTime(deployment, now, pace) };
  // One that waits for its pipeline was looked at in time, and stays due.
  if (overdueMs <= SWEEP_MS || waitsFor !== undefined) return undefined;
  return { ...hold, retryAt: spreadTime(deployment, now, pace) };
}

/** The time is written down before the retry: it tells failures from before it and after it apart. */
export function claim(hold: Draft, now: number): Draft {
  return { ...hold, status: 'retrying', attempts: attemptsMade(hold) + 1, claimedAt: now };
}

/** A claim that came to nothing is taken back, and does not count. */
export function putOff(hold: Draft, waitsFor: string, retryAt: number): Draft {
  return { ...hold, status: 'clearing', attempts: attemptsMade(hold), waitsFor, retryAt };
}

/** A claim whose run died before it did anything, and AWS Health is not clear any more. */
export function holdOn(hold: Draft): Draft {
  return { ...settled(hold), status: 'held', attempts: attemptsMade(hold) };
}

export function end(
  hold: Draft,
  status: 'resumed' | 'dropped' | 'given up',
  endedWhy: string,
  now: number,
): Draft {
  const attempts = status === 'resumed' ? hold.attempts : attemptsMade(hold);
  return {
    ...settled(hold),
    status,
    attempts,
    endedWhy,
    endedAt: now,
    expires: Math.ceil(now / 1000) + KEPT_S,
  };
}

export function tooOld({ maxHoldMs }: Limits): string {
  return `older than ${Math.round(maxHoldMs / 3_600_000)} hours`;
}

/** The mail that a record still owes, if any. */
export function owed({ status, attempts, notices }: Draft): Notice | undefined {
  switch (status) {
    case 'held':
    case 'clearing':
      return notices.held === attempts ? undefined : 'held';
    case 'resumed':
      return notices.resumed === attempts ? undefined : 'resumed';
    case 'given up':
      return notices['given up'] ? undefined : 'given up';
    default:
      return undefined;
  }
}

/** With the mail claimed: claimed before it is sent, a mail goes out once or, should the function die, not at all. */
export function withClaim(hold: Draft, notice: Notice): Draft {
  const { attempts, notices } = hold;
  if (notice === 'given up') return { ...hold, notices: { ...notices, 'given up': true } };
  return { ...hold, notices: { ...notices, [notice]: attempts } };
}

export function withoutClaim(hold: Draft, notice: Notice): Draft {
  const { [notice]: _, ...notices } = hold.notices;
  return { ...hold, notices };
}

export function timesOf(attempts: number): string {
  return attempts === 1 ? 'being resumed once' : `being resumed ${attempts} times`;
}

function opened(stoppage: Stoppage, { maxHoldMs }: Limits): Draft {
  const { at, pipelineVersion, place, reason } = stoppage;
  return {
    ...place,
    deployment: nameOf(place),
    pipelineVersion,
    actions: [stoppedIn(stoppage)],
    seen: [stoppage.actionExecutionId],
    reason: truncate(reason, LONGEST_REASON),
    heldAt: at,
    status: 'held',
    attempts: 0,
    notices: {},
    expires: Math.ceil((at + maxHoldMs) / 1000) + KEPT_S,
  };
}

function stoppedIn({ action, actionExecutionId, at, jobId, policy }: Stoppage): Stopped {
  return { action, actionExecutionId, at, jobId, policy };
}

/** The later run of an action takes the place of the one before. */
function joined(known: readonly Stopped[], stopped: Stopped): readonly Stopped[] {
  const same = known.find(({ action }) => action === stopped.action);
  if (same && same.at > stopped.at) return known;
  return [...known.filter((one) => one !== same), stopped];
}

/** The record that a new wait starts from. What had ended was retried by hand: nothing of it counts any more. */
function begun(known: Draft, stoppage: Stoppage, limits: Limits): Draft {
  const { claimedAt, status } = known;
  if (status !== 'dropped' && status !== 'given up') return settled(known);
  return { ...opened(stoppage, limits), ...(claimedAt !== undefined && { claimedAt }) };
}

/** Without what belongs to a wait that is over. `claimedAt` stays: late events are told by it. */
function settled(hold: Draft): Draft {
  const { clearSince: _c, retryAt: _r, waitsFor: _w, endedWhy: _e, endedAt: _a, ...rest } = hold;
  return rest;
}
