import { forEachIsolated } from '#shared/concurrency.ts';
import { isClientError, RetryableError } from '#shared/errors.ts';
import { listTags } from '../aws/codepipeline.ts';
import { assertTimeLeft, type HoldFailure, PIPELINE_CONCURRENCY, type ResumeContext } from '../context.ts';
import { type HoldRecord, isBusy } from '../domain/hold-record.ts';
import { canResume } from '../domain/hold-transitions.ts';
import { hasTag, RESUME_TAG } from '../domain/pipeline-tags.ts';
import { decideResume, type ResumeDecision } from '../domain/resume-decision.ts';
import { type AttemptOutcome, deniedReason, type ResumeAttempt, toOutcome } from './attempt-outcome.ts';
import { readSnapshot } from './read-snapshot.ts';
import type { DueHoldsContext, ReviewedHolds } from './review-holds.ts';

export interface DecidedHolds {
  /** The holds that can be retried now. */
  readonly ready: readonly HoldRecord[];
  /** The outcomes of the others. */
  readonly attempts: readonly ResumeAttempt[];
  readonly failures: readonly HoldFailure[];
}

/** Reads the pipelines of due holds. A failure does not stop the others; its hold stays in the table. */
export async function decideDueHolds(
  context: ResumeContext,
  { due, ...dueContext }: Pick<ReviewedHolds, 'due' | keyof DueHoldsContext>,
): Promise<DecidedHolds> {
  const failures: HoldFailure[] = [];
  const attempts: ResumeAttempt[] = [];
  const ready: HoldRecord[] = [];
  await forEachIsolated(
    due,
    PIPELINE_CONCURRENCY,
    async (hold) => {
      const outcome = toEarlyOutcome(context, hold, await decideHold(context, hold), dueContext);
      if (outcome) attempts.push({ hold, outcome });
      else ready.push(hold);
    },
    ({ deployment }, error) => failures.push({ deployment, error }),
  );
  return { ready, attempts, failures };
}

/** IAM cannot test the tag of a stage's pipeline, so the tag is read right before the claim. */
async function decideHold({ config, invocation }: ResumeContext, hold: HoldRecord): Promise<ResumeDecision> {
  const { now, signal } = invocation;
  assertTimeLeft(invocation);
  try {
    const snapshot = await readSnapshot(hold, signal);
    const decision = decideResume(hold, snapshot, config, now());
    if (decision.kind !== 'retry' || hasTag(await listTags(hold.pipelineArn, signal), RESUME_TAG))
      return decision;
    return { kind: 'drop', reason: `the pipeline is no longer tagged ${RESUME_TAG}=true` };
  } catch (error) {
    if (!isClientError(error)) throw error;
    return { kind: 'abandon', reason: deniedReason(error) };
  }
}

/** @returns undefined for a hold that can be retried now */
function toEarlyOutcome(
  { invocation }: ResumeContext,
  hold: HoldRecord,
  decision: ResumeDecision,
  { evaluations }: DueHoldsContext,
): AttemptOutcome | undefined {
  const evaluation = evaluations.get(hold.deployment);
  const isClear = canResume(evaluation?.status);
  const isStillStopped = decision.kind !== 'continued' && decision.kind !== 'drop';
  if (hold.status === 'retrying' && isStillStopped) {
    if (isBusy(hold, invocation.now())) throw new RetryableError('another run is resuming it');
    if (!isClear) return { kind: 'held again', reason: evaluation?.text ?? '' };
  }
  if (decision.kind === 'abandon' && !isClear && evaluation)
    return { kind: 'abandoned', reason: `${decision.reason}; still blocked: ${evaluation.text}` };
  return toOutcome(decision, hold);
}
