import { forEachIsolated } from '#shared/concurrency.ts';
import {
  describeError,
  hasName,
  isClientError,
  isRecord,
  isRetryable,
  isServiceResponse,
} from '#shared/errors.ts';
import { lookAt, readTags, retryFailedActions } from '../aws/codepipeline.ts';
import { CALLS_AT_ONCE, type Failure, type Round } from '../context.ts';
import { claim, type Hold } from '../domain/hold-record.ts';
import { type Fate, fateOf, type Look, RESUME_TAG } from '../domain/resume-decision.ts';
import { amendHolds } from './amend-holds.ts';
import type { Ending, Turn } from './save-outcomes.ts';

/** After which a pipeline that was busy is tried again. */
const BUSY_MS = 60_000;
/** What is claimed but not retried in this run, so that its end can still be written down. */
const RESERVE_MS = 8_000;

export interface Turns {
  readonly turns: readonly Turn[];
  readonly failures: readonly Failure[];
}

/**
 * Claims the deployments and retries them. The record says so first: of two runs one wins, and one that dies here is
 * taken up by the next, which sees in the pipeline how far it got.
 */
export async function retryAll(round: Round, due: readonly Hold[], now: number): Promise<Turns> {
  const turns: Turn[] = [];
  const claimed = await claimAll(round, due, now);
  const failures = [...claimed.failures];
  await forEachIsolated(
    claimed.holds,
    CALLS_AT_ONCE,
    async (hold) => {
      turns.push({ hold, ending: await retry(round, hold) });
    },
    ({ deployment }, error) => failures.push({ deployment, error }),
  );
  return { turns, failures };
}

/** Only what is still as it was looked at; anything else has become another run's business. */
async function claimAll(
  { use }: Round,
  due: readonly Hold[],
  now: number,
): Promise<{ readonly holds: readonly Hold[]; readonly failures: readonly Failure[] }> {
  const judged = new Map(due.map((hold) => [hold.deployment, hold]));
  const { noted, failures } = await amendHolds(
    use,
    [...judged.keys()],
    (known, deployment) =>
      known && known.revision === judged.get(deployment)?.revision
        ? { draft: claim(known, now), note: undefined }
        : undefined,
    judged,
  );
  return { holds: noted.map(({ hold }) => hold), failures };
}

async function retry(round: Round, hold: Hold): Promise<Ending> {
  const { invocation } = round;
  if (invocation.remainingMs() < RESERVE_MS)
    return putOffBusy(round, 'the next run, this one has no time left');
  try {
    await retryFailedActions(hold, invocation.signal);
    return { end: 'resumed', why: 'the checks are clear' };
  } catch (error) {
    if (isClientError(error)) return endRefused(round, hold, error);
    return endFailed(round, hold, error);
  }
}

/**
 * The pipeline says what the refusal means: after a lost answer the client asks again and is refused because the first
 * call went through.
 */
async function endFailed(round: Round, hold: Hold, error: unknown): Promise<Ending> {
  const { config, invocation } = round;
  const look = await lookAt(hold, invocation.signal);
  const ending = endingOf(fateOf(hold, look, config, invocation.now()), hold);
  if (ending && ending.end !== 'put off') return ending;
  if (!isServiceResponse(error) || mayHaveGoneThrough(error, look)) throw error;
  const reason = saidBy(error);
  if (
    isRetryable(error) ||
    hasName(error, 'ConflictException', 'ConcurrentPipelineExecutionsLimitExceededException')
  )
    return putOffBusy(round, `CodePipeline: ${reason}`);
  const isPast = hasName(error, 'StageNotRetryableException', 'NotLatestPipelineExecutionException');
  return { end: isPast ? 'dropped' : 'given up', why: reason };
}

/**
 * Whether a conflict may be with this claim's own call, which the client repeats when its answer is lost: CodePipeline
 * shows the failed runs until the new ones start. Such a claim stays, and whoever looks next sees what became of it.
 */
function mayHaveGoneThrough(error: unknown, { pipeline }: Look): boolean {
  if (!hasName(error, 'ConflictException', 'StageNotRetryableException')) return false;
  return attemptsOf(error) > 1 || pipeline?.stage?.status === 'InProgress';
}

/** How often the client has made the call. */
function attemptsOf(error: unknown): number {
  const metadata = isRecord(error) ? error.$metadata : undefined;
  return isRecord(metadata) ? Number(metadata.attempts) : 1;
}

/** Undefined for one that is to be retried. */
export function endingOf(fate: Fate, { status }: Hold): Ending | undefined {
  switch (fate.fate) {
    case 'retry':
      return undefined;
    case 'going':
      return status === 'retrying'
        ? { end: 'resumed', why: 'the checks are clear' }
        : { end: 'dropped', why: 'somebody has retried it' };
    case 'later':
      return { end: 'put off', why: fate.why };
    case 'drop':
      return { end: 'dropped', why: fate.why };
    case 'give up':
      return { end: 'given up', why: fate.why };
  }
}

/** The permission hangs on the tag: without it this is an owner's change of mind, with it somebody must mend something. */
async function endRefused({ invocation }: Round, { pipelineArn }: Hold, error: unknown): Promise<Ending> {
  const tags = await readTags(pipelineArn, invocation.signal);
  if (tags.get(RESUME_TAG) !== 'true')
    return { end: 'dropped', why: `the pipeline is not tagged ${RESUME_TAG}=true any more` };
  return { end: 'given up', why: notAllowed(error) };
}

export function notAllowed(error: unknown): string {
  return `this function may not resume the pipeline, look for a policy that denies it. ${saidBy(error)}`;
}

function putOffBusy({ invocation }: Round, why: string): Ending {
  return { end: 'put off', why, retryAt: invocation.now() + BUSY_MS };
}

function saidBy(error: unknown): string {
  const { message, name } = describeError(error);
  return `${name}: ${message}`;
}
