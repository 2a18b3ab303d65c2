import { forEachIsolated } from '#shared/concurrency.ts';
import {
  describeError,
  hasName,
  isClientError,
  isRecord,
  isRetryable,
  isServiceResponse,
} from '#shared/errors.ts';
import { describePipelineAndExecution, listTags, retryFailedActions } from '../aws/codepipeline.ts';
import { type HoldFailure, PIPELINE_CONCURRENCY, type ResumeContext } from '../context.ts';
import { claimRetry, type HoldRecord } from '../domain/hold-record.ts';
import {
  decideResume,
  type PipelineSnapshot,
  RESUME_TAG,
  type ResumeDecision,
} from '../domain/resume-decision.ts';
import { updateHolds } from './amend-holds.ts';
import type { AttemptOutcome, ResumeAttempt } from './save-outcomes.ts';

/** After which a pipeline that was busy is tried again. */
const BUSY_RETRY_MS = 60_000;
/** What is claimed but not retried in this run, so that its end can still be written down. */
const MIN_REMAINING_MS = 8_000;

export interface ResumeAttempts {
  readonly attempts: readonly ResumeAttempt[];
  readonly failures: readonly HoldFailure[];
}

/**
 * Claims the deployments and retries them. The record says so first: of two runs one wins, and one that dies here is
 * taken up by the next, which sees in the pipeline how far it got.
 */
export async function retryStages(
  round: ResumeContext,
  due: readonly HoldRecord[],
  now: number,
): Promise<ResumeAttempts> {
  const attempts: ResumeAttempt[] = [];
  const claimed = await claimHolds(round, due, now);
  const failures = [...claimed.failures];
  await forEachIsolated(
    claimed.holds,
    PIPELINE_CONCURRENCY,
    async (hold) => {
      attempts.push({ hold, outcome: await retryStage(round, hold) });
    },
    ({ deployment }, error) => failures.push({ deployment, error }),
  );
  return { attempts, failures };
}

/** Only what is still as it was looked at; anything else has become another run's business. */
async function claimHolds(
  { holds }: ResumeContext,
  due: readonly HoldRecord[],
  now: number,
): Promise<{ readonly holds: readonly HoldRecord[]; readonly failures: readonly HoldFailure[] }> {
  const judged = new Map(due.map((hold) => [hold.deployment, hold]));
  const { noted, failures } = await updateHolds(
    holds,
    [...judged.keys()],
    (known, deployment) =>
      known && known.revision === judged.get(deployment)?.revision
        ? { draft: claimRetry(known, now), data: undefined }
        : undefined,
    judged,
  );
  return { holds: noted.map(({ hold }) => hold), failures };
}

async function retryStage(round: ResumeContext, hold: HoldRecord): Promise<AttemptOutcome> {
  const { invocation } = round;
  if (invocation.remainingMs() < MIN_REMAINING_MS)
    return postponeBusy(round, 'the next run, this one has no time left');
  try {
    await retryFailedActions(hold, invocation.signal);
    return { kind: 'resumed', reason: 'the checks are clear' };
  } catch (error) {
    if (isClientError(error)) return outcomeOfDenial(round, hold, error);
    return outcomeOfFailure(round, hold, error);
  }
}

/**
 * The pipeline says what the refusal means: after a lost answer the client asks again and is refused because the first
 * call went through.
 */
async function outcomeOfFailure(
  round: ResumeContext,
  hold: HoldRecord,
  error: unknown,
): Promise<AttemptOutcome> {
  const { config, invocation } = round;
  const look = await describePipelineAndExecution(hold, invocation.signal);
  const ending = toOutcome(decideResume(hold, look, config, invocation.now()), hold);
  if (ending && ending.kind !== 'put off') return ending;
  if (!isServiceResponse(error) || mayHaveSucceeded(error, look)) throw error;
  const reason = formatError(error);
  if (
    isRetryable(error) ||
    hasName(error, 'ConflictException', 'ConcurrentPipelineExecutionsLimitExceededException')
  )
    return postponeBusy(round, `CodePipeline: ${reason}`);
  const isPast = hasName(error, 'StageNotRetryableException', 'NotLatestPipelineExecutionException');
  return { kind: isPast ? 'dropped' : 'given up', reason: reason };
}

/**
 * Whether a conflict may be with this claim's own call, which the client repeats when its answer is lost: CodePipeline
 * shows the failed runs until the new ones start. Such a claim stays, and whoever looks next sees what became of it.
 */
function mayHaveSucceeded(error: unknown, { pipeline }: PipelineSnapshot): boolean {
  if (!hasName(error, 'ConflictException', 'StageNotRetryableException')) return false;
  return callAttempts(error) > 1 || pipeline?.stage?.status === 'InProgress';
}

/** How often the client has made the call. */
function callAttempts(error: unknown): number {
  const metadata = isRecord(error) ? error.$metadata : undefined;
  return isRecord(metadata) ? Number(metadata.attempts) : 1;
}

/** Undefined for one that is to be retried. */
export function toOutcome(fate: ResumeDecision, { status }: HoldRecord): AttemptOutcome | undefined {
  switch (fate.fate) {
    case 'retry':
      return undefined;
    case 'going':
      return status === 'retrying'
        ? { kind: 'resumed', reason: 'the checks are clear' }
        : { kind: 'dropped', reason: 'somebody has retried it' };
    case 'later':
      return { kind: 'put off', reason: fate.why };
    case 'drop':
      return { kind: 'dropped', reason: fate.why };
    case 'give up':
      return { kind: 'given up', reason: fate.why };
  }
}

/** The permission hangs on the tag: without it this is an owner's change of mind, with it somebody must mend something. */
async function outcomeOfDenial(
  { invocation }: ResumeContext,
  { pipelineArn }: HoldRecord,
  error: unknown,
): Promise<AttemptOutcome> {
  const tags = await listTags(pipelineArn, invocation.signal);
  if (tags.get(RESUME_TAG) !== 'true')
    return { kind: 'dropped', reason: `the pipeline is not tagged ${RESUME_TAG}=true any more` };
  return { kind: 'given up', reason: deniedReason(error) };
}

export function deniedReason(error: unknown): string {
  return `this function may not resume the pipeline, look for a policy that denies it. ${formatError(error)}`;
}

function postponeBusy({ invocation }: ResumeContext, reason: string): AttemptOutcome {
  return { kind: 'put off', reason, retryAt: invocation.now() + BUSY_RETRY_MS };
}

function formatError(error: unknown): string {
  const { message, name } = describeError(error);
  return `${name}: ${message}`;
}
