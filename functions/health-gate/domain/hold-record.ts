import type { GateParameters, Policy } from './policy.ts';

/**
 * `held` waits until AWS Health is clear, `cooling down` until its retry time. `retrying` is claimed by one run until
 * its lease ends. The others are final, but a gate may stop a `resumed` deployment again. `not held` was never held: its
 * record only keeps that people were notified.
 */
export type HoldStatus =
  | 'held'
  | 'cooling down'
  | 'retrying'
  | 'resumed'
  | 'dropped'
  | 'abandoned'
  | 'not held';

/** The record of one deployment that a gate stopped: an execution in a stage of a pipeline. Times are epoch milliseconds. */
export interface HoldRecord extends PipelineLocation {
  /** Changes with every write and is the condition of the next one. */
  readonly revision: string;
  /** `<pipeline>/<stage>/<execution>`. */
  readonly deployment: string;
  readonly pipelineVersion: number;
  /** The gate actions that failed last. */
  readonly actions: readonly StoppedAction[];
  /** Action runs already recorded, so that a late duplicate of an event changes nothing. */
  readonly knownRuns: readonly string[];
  readonly reason: string;
  /** The first stop. The age counts from here, over all resumes; a retry by hand starts a new count. */
  readonly heldAt: number;
  readonly status: HoldStatus;
  /** Number of resumes, including a claimed one. */
  readonly attempts: number;
  readonly clearSince?: number;
  readonly retryAt?: number;
  /** Time of the last claim. */
  readonly claimedAt?: number;
  /** Why it is resumed, if not because the checks are clear. */
  readonly resumeReason?: string;
  /** Why it was postponed when it was due. */
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

/** A failed gate action and the policy it used. With a source, the policy is read again before a resume. */
export interface StoppedAction {
  readonly action: string;
  readonly actionExecutionId: string;
  readonly jobId: string;
  readonly at: number;
  readonly policy: Policy;
  readonly source?: GateParameters | undefined;
}

/** Mails that were claimed. Numbers are the attempts made until then: each new hold and each resume has its own mail. */
interface SentNotifications {
  readonly held?: number;
  readonly resumed?: number;
  readonly abandoned?: true;
  readonly stopped?: true;
}

export type NotificationKind = keyof SentNotifications;

export type HoldDraft = Omit<HoldRecord, 'revision'>;

export interface HoldLimits {
  readonly maxAttempts: number;
  readonly maxHoldMs: number;
}

/** An older claim belongs to a run that has died. */
export const LEASE_MS = 120_000;

export function deploymentName({
  pipeline,
  stage,
  executionId,
}: Omit<PipelineLocation, 'pipelineArn'>): string {
  return `${pipeline}/${stage}/${executionId}`;
}

/** Whether another run holds the claim and its lease has not ended. */
export function isBusy({ claimedAt = 0, status }: HoldRecord, now: number): boolean {
  return status === 'retrying' && now - claimedAt <= LEASE_MS;
}

export function isOpen({ status }: Pick<HoldRecord, 'status'>): boolean {
  return status === 'held' || status === 'cooling down' || status === 'retrying';
}

export function isTooOld(
  { heldAt }: Pick<HoldRecord, 'heldAt'>,
  { maxHoldMs }: HoldLimits,
  now: number,
): boolean {
  return now - heldAt > maxHoldMs;
}

export function tooOldReason({ maxHoldMs }: HoldLimits): string {
  return `older than ${Math.round(maxHoldMs / 3_600_000)} hours`;
}

/** Resumes that were carried out. A claimed one does not count yet. */
export function attemptsMade({ status, attempts }: Pick<HoldRecord, 'status' | 'attempts'>): number {
  return status === 'retrying' ? attempts - 1 : attempts;
}

export function formatAttempts(attempts: number): string {
  return attempts === 1 ? 'being resumed once' : `being resumed ${attempts} times`;
}
