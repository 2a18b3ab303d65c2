import { truncate } from '#shared/redact.ts';
import type { Policy } from './policy.ts';
import { jitteredTime, type ResumeSchedule, resumeAt, SWEEP_INTERVAL_MS } from './resume-schedule.ts';

/**
 * `held` waits for AWS Health, `clearing` for its cool-down, `retrying` is being resumed by somebody, whose claim dies
 * with its lease. The others are ends: `resumed` can be held again, `dropped` is nobody's business any more.
 */
export type Status = 'held' | 'clearing' | 'retrying' | 'resumed' | 'dropped' | 'given up';

/** The record of one deployment that a gate stopped: an execution in a stage of a pipeline. Times are epoch milliseconds. */
export interface HoldRecord extends PipelineLocation {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
  /** `<pipeline>/<stage>/<execution>`. */
  readonly deployment: string;
  readonly pipelineVersion: number;
  /** What the gates stopped at last. */
  readonly actions: readonly StoppedAction[];
  /** Runs of actions that were taken in already, so that a late duplicate of an event changes nothing. */
  readonly knownRuns: readonly string[];
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
  readonly waitReason?: string;
  readonly notifications: SentNotifications;
  readonly closedReason?: string;
  readonly closedAt?: number;
  /** When DynamoDB may delete it; epoch seconds. */
  readonly expires: number;
}

export interface PipelineLocation {
  readonly pipeline: string;
  readonly pipelineArn: string;
  readonly stage: string;
  readonly executionId: string;
}

/** A gate action that failed, and the policy under which. */
export interface StoppedAction {
  readonly action: string;
  readonly actionExecutionId: string;
  readonly jobId: string;
  readonly at: number;
  readonly policy: Policy;
}

/** Mails that were claimed. Numbers are the attempts made until then, so that each round has one of its own. */
export interface SentNotifications {
  readonly held?: number;
  readonly resumed?: number;
  readonly 'given up'?: true;
}
export type NotificationKind = keyof SentNotifications;

export type HoldDraft = Omit<HoldRecord, 'revision'>;

export interface HoldLimits {
  readonly maxAttempts: number;
  readonly maxHoldMs: number;
}

/** What a gate has stopped, as its event and its own record tell it. */
export interface GateFailure extends StoppedAction {
  readonly place: PipelineLocation;
  readonly pipelineVersion: number;
  readonly reason: string;
}

/** A claim that is older belongs to a run that has died. */
export const LEASE_MS = 120_000;
/** How long an ended record stays, for whoever asks later what became of it. */
const RETENTION_SECONDS = 7 * 86_400;
const MAX_KNOWN_RUNS = 50;
const MAX_REASON_LENGTH = 1000;

export function deploymentName({
  pipeline,
  stage,
  executionId,
}: Omit<PipelineLocation, 'pipelineArn'>): string {
  return `${pipeline}/${stage}/${executionId}`;
}

export function isOpen({ status }: Pick<HoldRecord, 'status'>): boolean {
  return status === 'held' || status === 'clearing' || status === 'retrying';
}

export function isTooOld(
  { heldAt }: Pick<HoldRecord, 'heldAt'>,
  { maxHoldMs }: HoldLimits,
  now: number,
): boolean {
  return now - heldAt > maxHoldMs;
}

/** Resumes that were carried out: the one that is claimed just now, or died with its claim, was not yet. */
export function attemptsMade({ status, attempts }: Pick<HoldRecord, 'status' | 'attempts'>): number {
  return status === 'retrying' ? attempts - 1 : attempts;
}

/** What a stoppage makes of the record: the same but for `seen` when it is over; undefined when it is known already. */
export function addFailure(
  known: HoldDraft | undefined,
  stoppage: GateFailure,
  limits: HoldLimits,
  now: number,
): HoldDraft | undefined {
  if (!known) return openHold(stoppage, limits);
  if (known.knownRuns.includes(stoppage.actionExecutionId)) return undefined;
  const knownRuns = [...known.knownRuns, stoppage.actionExecutionId].slice(-MAX_KNOWN_RUNS);
  if (alreadyClosedReason(known, stoppage)) return { ...known, knownRuns };
  const goesOn = known.status === 'held' || known.status === 'clearing';
  const actions = goesOn
    ? replaceAction(known.actions, toStoppedAction(stoppage))
    : [toStoppedAction(stoppage)];
  const reason = truncate(stoppage.reason, MAX_REASON_LENGTH);
  const { pipelineVersion } = stoppage;
  const held: HoldDraft = {
    ...startWait(known, stoppage, limits),
    status: 'held',
    pipelineVersion,
    knownRuns,
    actions,
    reason,
  };
  if (held.attempts >= limits.maxAttempts)
    return closeHold(
      held,
      'given up',
      `the gate stopped it again after ${formatAttempts(held.attempts)}`,
      now,
    );
  return isTooOld(held, limits, now) ? closeHold(held, 'given up', tooOldReason(limits), now) : held;
}

/** Why a stoppage that comes late holds nothing: since then the deployment has been resumed, or given up. */
export function alreadyClosedReason(known: HoldDraft, { at }: Pick<GateFailure, 'at'>): string | undefined {
  if (at < (known.claimedAt ?? 0)) return 'it has been resumed since';
  // Not so for what was dropped: a gate may stop it again before the retry by hand is noticed.
  const isOver = known.status === 'given up' && at <= (known.closedAt ?? 0);
  return isOver ? `it has been given up since: ${known.closedReason}` : undefined;
}

/** What the sources say now: only a PASS of every gate starts the cool-down, and only a finding ends it. */
export type HealthStatus = 'clear' | 'blocked' | 'unknown';

/**
 * What an outlook makes of a hold that waits; undefined leaves it as it is. A time that passed while AWS Health could not
 * be read proves no cool-down, and all whose times have passed would go at once: they are drawn anew.
 */
export function applyHealthStatus(
  hold: HoldDraft,
  outlook: HealthStatus,
  pace: ResumeSchedule,
  now: number,
): HoldDraft | undefined {
  if (outlook === 'clear' && hold.status === 'held')
    return { ...hold, status: 'clearing', clearSince: now, retryAt: resumeAt(hold.deployment, now, pace) };
  if (hold.status !== 'clearing') return undefined;
  if (outlook === 'blocked') return { ...withoutWait(hold), status: 'held' };
  const { deployment, retryAt = 0, waitReason } = hold;
  const overdueMs = now - retryAt;
  if (outlook === 'unknown')
    return overdueMs < 0
      ? undefined
      : { ...withoutWait(hold), clearSince: now, retryAt: resumeAt(deployment, now, pace) };
  // One that waits for its pipeline was looked at in time, and stays due.
  if (overdueMs <= SWEEP_INTERVAL_MS || waitReason !== undefined) return undefined;
  return { ...hold, retryAt: jitteredTime(deployment, now, pace) };
}

/** The time is written down before the retry: it tells failures from before it and after it apart. */
export function claimRetry(hold: HoldDraft, now: number): HoldDraft {
  return { ...hold, status: 'retrying', attempts: attemptsMade(hold) + 1, claimedAt: now };
}

/** A claim that came to nothing is taken back, and does not count. */
export function postpone(hold: HoldDraft, waitReason: string, retryAt: number): HoldDraft {
  return { ...hold, status: 'clearing', attempts: attemptsMade(hold), waitReason, retryAt };
}

/** A claim whose run died before it did anything, and AWS Health is not clear any more. */
export function returnToHeld(hold: HoldDraft): HoldDraft {
  return { ...withoutWait(hold), status: 'held', attempts: attemptsMade(hold) };
}

export function closeHold(
  hold: HoldDraft,
  status: 'resumed' | 'dropped' | 'given up',
  closedReason: string,
  now: number,
): HoldDraft {
  const attempts = status === 'resumed' ? hold.attempts : attemptsMade(hold);
  return {
    ...withoutWait(hold),
    status,
    attempts,
    closedReason,
    closedAt: now,
    expires: Math.ceil(now / 1000) + RETENTION_SECONDS,
  };
}

export function tooOldReason({ maxHoldMs }: HoldLimits): string {
  return `older than ${Math.round(maxHoldMs / 3_600_000)} hours`;
}

/** The mail that a record still owes, if any. */
export function pendingNotification({
  status,
  attempts,
  notifications,
}: HoldDraft): NotificationKind | undefined {
  switch (status) {
    case 'held':
    case 'clearing':
      return notifications.held === attempts ? undefined : 'held';
    case 'resumed':
      return notifications.resumed === attempts ? undefined : 'resumed';
    case 'given up':
      return notifications['given up'] ? undefined : 'given up';
    default:
      return undefined;
  }
}

/** With the mail claimed: claimed before it is sent, a mail goes out once or, should the function die, not at all. */
export function withNotificationClaim(hold: HoldDraft, notice: NotificationKind): HoldDraft {
  const { attempts, notifications } = hold;
  if (notice === 'given up') return { ...hold, notifications: { ...notifications, 'given up': true } };
  return { ...hold, notifications: { ...notifications, [notice]: attempts } };
}

export function withoutNotificationClaim(hold: HoldDraft, notice: NotificationKind): HoldDraft {
  const { [notice]: _, ...notifications } = hold.notifications;
  return { ...hold, notifications };
}

export function formatAttempts(attempts: number): string {
  return attempts === 1 ? 'being resumed once' : `being resumed ${attempts} times`;
}

function openHold(stoppage: GateFailure, { maxHoldMs }: HoldLimits): HoldDraft {
  const { at, pipelineVersion, place, reason } = stoppage;
  return {
    ...place,
    deployment: deploymentName(place),
    pipelineVersion,
    actions: [toStoppedAction(stoppage)],
    knownRuns: [stoppage.actionExecutionId],
    reason: truncate(reason, MAX_REASON_LENGTH),
    heldAt: at,
    status: 'held',
    attempts: 0,
    notifications: {},
    expires: Math.ceil((at + maxHoldMs) / 1000) + RETENTION_SECONDS,
  };
}

function toStoppedAction({ action, actionExecutionId, at, jobId, policy }: GateFailure): StoppedAction {
  return { action, actionExecutionId, at, jobId, policy };
}

/** The later run of an action takes the place of the one before. */
function replaceAction(known: readonly StoppedAction[], stopped: StoppedAction): readonly StoppedAction[] {
  const same = known.find(({ action }) => action === stopped.action);
  if (same && same.at > stopped.at) return known;
  return [...known.filter((one) => one !== same), stopped];
}

/** The record that a new wait starts from. What had ended was retried by hand: nothing of it counts any more. */
function startWait(known: HoldDraft, stoppage: GateFailure, limits: HoldLimits): HoldDraft {
  const { claimedAt, status } = known;
  if (status !== 'dropped' && status !== 'given up') return withoutWait(known);
  return { ...openHold(stoppage, limits), ...(claimedAt !== undefined && { claimedAt }) };
}

/** Without what belongs to a wait that is over. `claimedAt` stays: late events are told by it. */
function withoutWait(hold: HoldDraft): HoldDraft {
  const { clearSince: _c, retryAt: _r, waitReason: _w, closedReason: _e, closedAt: _a, ...rest } = hold;
  return rest;
}
