import { forEachIsolated } from '#shared/concurrency.ts';
import { hasName, isClientError, isRecord, isRetryable, isServiceResponse } from '#shared/errors.ts';
import { retryFailedActions } from '../aws/codepipeline.ts';
import { type HoldFailure, PIPELINE_CONCURRENCY, type ResumeContext } from '../context.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import { claimRetry } from '../domain/hold-transitions.ts';
import { decideResume, type PipelineSnapshot } from '../domain/resume-decision.ts';
import {
  type AttemptOutcome,
  deniedReason,
  formatError,
  type ResumeAttempt,
  resumeReason,
  toOutcome,
} from './attempt-outcome.ts';
import { readSnapshot } from './read-snapshot.ts';
import { updateHolds } from './update-holds.ts';

/** Delay before a busy pipeline is tried again. */
const BUSY_RETRY_MS = 60_000;
/** Below this, a claimed hold is postponed, so that its outcome can still be saved. */
const MIN_REMAINING_MS = 8_000;

export interface ResumeAttempts {
  readonly attempts: readonly ResumeAttempt[];
  readonly failures: readonly HoldFailure[];
}

/**
 * Claims the deployments in their records, then retries them. Of two runs, one wins the claim. If a run dies here, the
 * next one reads the pipeline to see whether the retry happened.
 */
export async function retryStages(
  context: ResumeContext,
  due: readonly HoldRecord[],
  now: number,
): Promise<ResumeAttempts> {
  const attempts: ResumeAttempt[] = [];
  const claimed = await claimHolds(context, due, now);
  const failures = [...claimed.failures];
  await forEachIsolated(
    claimed.holds,
    PIPELINE_CONCURRENCY,
    async (hold) => {
      attempts.push({ hold, outcome: await retryStage(context, hold) });
    },
    ({ deployment }, error) => failures.push({ deployment, error }),
  );
  return { attempts, failures };
}

/** Claims only records that did not change since the decision; another run handles the others. */
async function claimHolds(
  { holds }: ResumeContext,
  due: readonly HoldRecord[],
  now: number,
): Promise<{ readonly holds: readonly HoldRecord[]; readonly failures: readonly HoldFailure[] }> {
  const decidedHolds = new Map(due.map((hold) => [hold.deployment, hold]));
  const { updated, failures } = await updateHolds(
    holds,
    [...decidedHolds.keys()],
    (known, deployment) =>
      known && known.revision === decidedHolds.get(deployment)?.revision
        ? { draft: claimRetry(known, now), data: undefined }
        : undefined,
    decidedHolds,
  );
  return { holds: updated.map(({ hold }) => hold), failures };
}

async function retryStage(context: ResumeContext, hold: HoldRecord): Promise<AttemptOutcome> {
  const { invocation } = context;
  if (invocation.remainingMs() < MIN_REMAINING_MS)
    return postponeBusy(context, 'the next run: no time left in this one');
  try {
    await retryFailedActions(hold, invocation.signal);
    return { kind: 'resumed', reason: resumeReason(hold) };
  } catch (error) {
    if (isClientError(error)) return { kind: 'abandoned', reason: deniedReason(error) };
    return outcomeOfFailure(context, hold, error);
  }
}

/**
 * Reads the pipeline to find out what a rejected retry means: after a lost response the SDK calls again, and CodePipeline
 * rejects the second call because the first one succeeded.
 */
async function outcomeOfFailure(
  context: ResumeContext,
  hold: HoldRecord,
  error: unknown,
): Promise<AttemptOutcome> {
  const { config, invocation } = context;
  const snapshot = await readSnapshot(hold, invocation.signal);
  const outcome = toOutcome(decideResume(hold, snapshot, config, invocation.now()), hold);
  if (outcome && outcome.kind !== 'postponed') return outcome;
  if (!isServiceResponse(error) || mayHaveSucceeded(error, snapshot)) throw error;
  const reason = formatError(error);
  if (
    isRetryable(error) ||
    hasName(error, 'ConflictException', 'ConcurrentPipelineExecutionsLimitExceededException')
  )
    return postponeBusy(context, `CodePipeline: ${reason}`);
  const isOutdated = hasName(error, 'StageNotRetryableException', 'NotLatestPipelineExecutionException');
  return { kind: isOutdated ? 'dropped' : 'abandoned', reason: reason };
}

/**
 * Whether the conflict may come from our own earlier call, which the SDK repeats when its response is lost. CodePipeline
 * shows the failed runs until the new ones start, so the claim stays and the next run reads the result.
 */
function mayHaveSucceeded(error: unknown, { pipeline }: PipelineSnapshot): boolean {
  if (!hasName(error, 'ConflictException', 'StageNotRetryableException')) return false;
  return callAttempts(error) > 1 || pipeline?.stage?.status === 'InProgress';
}

/** How often the SDK made the call. */
function callAttempts(error: unknown): number {
  const metadata = isRecord(error) ? error.$metadata : undefined;
  return isRecord(metadata) ? Number(metadata.attempts) : 1;
}

function postponeBusy({ invocation }: ResumeContext, reason: string): AttemptOutcome {
  return { kind: 'postponed', reason, retryAt: invocation.now() + BUSY_RETRY_MS };
}
