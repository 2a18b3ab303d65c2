import { truncate } from '#shared/redact.ts';
import {
  attemptsMade,
  deploymentName,
  formatAttempts,
  type HoldDraft,
  type HoldLimits,
  isTooOld,
  type PipelineLocation,
  type StoppedAction,
  tooOldReason,
} from './hold-record.ts';
import { jitteredTime, type ResumeSchedule, resumeAt, SWEEP_INTERVAL_MS } from './resume-schedule.ts';

/** A gate's failure: the action's event together with the stop that the gate saved. */
export interface GateFailure extends StoppedAction {
  readonly location: PipelineLocation;
  readonly pipelineVersion: number;
  readonly reason: string;
  /** Why the deployment is not held. */
  readonly notHeldReason?: string | undefined;
}

/** Closed records stay this long, so that people can look up what happened. */
const RETENTION_SECONDS = 7 * 86_400;
const MAX_KNOWN_RUNS = 50;
const MAX_REASON_LENGTH = 1000;

/** @returns undefined for a known failure; for one that comes too late, the record with only `knownRuns` changed */
export function addFailure(
  known: HoldDraft | undefined,
  failure: GateFailure,
  limits: HoldLimits,
  now: number,
): HoldDraft | undefined {
  if (!known) return openOrClose(failure, limits, now);
  if (known.knownRuns.includes(failure.actionExecutionId)) return undefined;
  const knownRuns = [...known.knownRuns, failure.actionExecutionId].slice(-MAX_KNOWN_RUNS);
  const isNotified = failure.notHeldReason !== undefined && known.status === 'not held';
  if (isNotified || lateFailureReason(known, failure)) return { ...known, knownRuns };
  if (failure.notHeldReason !== undefined)
    return { ...openOrClose(failure, limits, now), knownRuns, ...claimOf(known) };
  const isWaiting = known.status === 'held' || known.status === 'cooling down';
  const actions = isWaiting
    ? replaceAction(known.actions, toStoppedAction(failure))
    : [toStoppedAction(failure)];
  const held: HoldDraft = {
    ...startWait(known, failure, limits),
    status: 'held',
    pipelineVersion: failure.pipelineVersion,
    knownRuns,
    actions,
    reason: truncate(failure.reason, MAX_REASON_LENGTH),
  };
  if (held.attempts >= limits.maxAttempts)
    return closeHold(
      held,
      'abandoned',
      `the gate stopped it again after ${formatAttempts(held.attempts)}`,
      now,
    );
  return isTooOld(held, limits, now) ? closeHold(held, 'abandoned', tooOldReason(limits), now) : held;
}

/** Why a late failure holds nothing: the deployment was resumed or abandoned after it. */
export function lateFailureReason(known: HoldDraft, { at }: Pick<GateFailure, 'at'>): string | undefined {
  if (at < (known.claimedAt ?? 0)) return 'it was resumed after this failure';
  // A dropped hold is different: after a retry by hand, a gate may stop the deployment before we notice the retry.
  const isAbandoned = known.status === 'abandoned' && at <= (known.closedAt ?? 0);
  return isAbandoned ? `it was abandoned after this failure: ${known.closedReason}` : undefined;
}

/**
 * `clear`: all gates of the deployment pass. `blocked`: at least one blocks. `unknown`: at least one cannot be read.
 * `overridden`: an override for all pipelines allows it.
 */
export type HealthStatus = 'clear' | 'blocked' | 'unknown' | 'overridden';

/** Whether the deployment may resume. */
export function canResume(status: HealthStatus | undefined): boolean {
  return status === 'clear' || status === 'overridden';
}

/**
 * Starts, ends or restarts the cool-down of a waiting hold. @returns undefined to leave the hold as it is.
 *
 * Time that passed while AWS Health could not be read does not count as cool-down. Holds that became due during that
 * time get a new random time, so that they do not all resume at once.
 */
export function applyHealthStatus(
  hold: HoldDraft,
  status: HealthStatus,
  schedule: ResumeSchedule,
  now: number,
): HoldDraft | undefined {
  const { deployment, retryAt = 0, waitReason } = hold;
  const startCoolDown = () => ({ clearSince: now, retryAt: resumeAt(deployment, now, schedule) });
  if (status === 'clear' && hold.status === 'held')
    return { ...hold, status: 'cooling down', ...startCoolDown() };
  if (status === 'overridden') return startOverridden(hold, now);
  if (hold.status !== 'cooling down') return undefined;
  if (status === 'blocked') return { ...withoutWait(hold), status: 'held' };
  const overdueMs = now - retryAt;
  if (status === 'unknown') return overdueMs < 0 ? undefined : { ...withoutWait(hold), ...startCoolDown() };
  // A postponed hold was checked on time and stays due.
  if (overdueMs <= SWEEP_INTERVAL_MS || waitReason !== undefined) return undefined;
  return { ...hold, retryAt: jitteredTime(deployment, now, schedule) };
}

/** Without a cool-down: a person has decided that the deployment continues now. */
function startOverridden(hold: HoldDraft, now: number): HoldDraft | undefined {
  const isWaiting = hold.status === 'held' || (hold.status === 'cooling down' && (hold.retryAt ?? 0) > now);
  if (!isWaiting || hold.waitReason !== undefined) return undefined;
  return { ...hold, status: 'cooling down', clearSince: now, retryAt: now };
}

/** Written before the retry, so that failures before and after it can be told apart. */
export function claimRetry(hold: HoldDraft, now: number): HoldDraft {
  return { ...hold, status: 'retrying', attempts: attemptsMade(hold) + 1, claimedAt: now };
}

/** The claimed attempt does not count. */
export function postpone(hold: HoldDraft, waitReason: string, retryAt: number): HoldDraft {
  return { ...hold, status: 'cooling down', attempts: attemptsMade(hold), waitReason, retryAt };
}

/** For a claim whose run died before the retry, when AWS Health is no longer clear. */
export function returnToHeld(hold: HoldDraft): HoldDraft {
  return { ...withoutWait(hold), status: 'held', attempts: attemptsMade(hold) };
}

export function closeHold(
  hold: HoldDraft,
  status: 'resumed' | 'dropped' | 'abandoned' | 'not held',
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

/** A deployment that is not held gets a closed record. */
function openOrClose(failure: GateFailure, limits: HoldLimits, now: number): HoldDraft {
  const held = openHold(failure, limits);
  const { notHeldReason } = failure;
  return notHeldReason === undefined ? held : closeHold(held, 'not held', notHeldReason, now);
}

/** It tells late events apart, whatever happens to the hold. */
function claimOf({ claimedAt }: HoldDraft): Pick<HoldDraft, 'claimedAt'> {
  return claimedAt === undefined ? {} : { claimedAt };
}

function openHold(failure: GateFailure, { maxHoldMs }: HoldLimits): HoldDraft {
  const { at, pipelineVersion, location, reason } = failure;
  return {
    ...location,
    deployment: deploymentName(location),
    pipelineVersion,
    actions: [toStoppedAction(failure)],
    knownRuns: [failure.actionExecutionId],
    reason: truncate(reason, MAX_REASON_LENGTH),
    heldAt: at,
    status: 'held',
    attempts: 0,
    notifications: {},
    expires: Math.ceil((at + maxHoldMs) / 1000) + RETENTION_SECONDS,
  };
}

function toStoppedAction(failure: GateFailure): StoppedAction {
  const { action, actionExecutionId, at, jobId, policy, source } = failure;
  return { action, actionExecutionId, at, jobId, policy, ...(source && { source }) };
}

/** Keeps only the latest run of each action. */
function replaceAction(known: readonly StoppedAction[], stopped: StoppedAction): readonly StoppedAction[] {
  const same = known.find(({ action }) => action === stopped.action);
  if (same && same.at > stopped.at) return known;
  return [...known.filter((one) => one !== same), stopped];
}

/** What ended without us was retried by hand: attempts and age start again. */
function startWait(known: HoldDraft, failure: GateFailure, limits: HoldLimits): HoldDraft {
  const isEnded = known.status === 'dropped' || known.status === 'abandoned' || known.status === 'not held';
  return isEnded ? { ...openHold(failure, limits), ...claimOf(known) } : withoutWait(known);
}

/** Removes the fields of the last wait. `claimedAt` stays: it tells late events apart. */
function withoutWait(hold: HoldDraft): HoldDraft {
  const {
    clearSince: _c,
    retryAt: _r,
    resumeReason: _u,
    waitReason: _w,
    closedReason: _e,
    closedAt: _a,
    ...rest
  } = hold;
  return rest;
}
