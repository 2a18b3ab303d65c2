import { forEachIsolated } from '#shared/concurrency.ts';
import { isClientError, RetryableError } from '#shared/errors.ts';
import { listTags } from '../aws/codepipeline.ts';
import { assertTimeLeft, type HoldFailure, PIPELINE_CONCURRENCY, type ResumeContext } from '../context.ts';
import { type HoldRecord, isTooOld, LEASE_MS } from '../domain/hold-record.ts';
import { allowsResume } from '../domain/hold-transitions.ts';
import { decideResume, isTagged, RESUME_TAG, type ResumeDecision } from '../domain/resume-decision.ts';
import type { GatesEvaluation } from '../evaluate-gates.ts';
import { readSnapshot } from './read-snapshot.ts';
import { deniedReason, resumeReason, retryStages, toOutcome } from './retry-stage.ts';
import { type AttemptOutcome, logPlannedOutcome, type ResumeAttempt, saveOutcomes } from './save-outcomes.ts';

/** What a run knows about due holds. */
export interface DueHoldsContext {
  readonly evaluations: ReadonlyMap<string, GatesEvaluation>;
  /** Named by their own message; SQS delivers it again if another run is busy with them. */
  readonly named: ReadonlySet<string>;
}

/** Whether another run holds the claim and its lease has not ended. */
export function isBusy({ claimedAt = 0, status }: HoldRecord, now: number): boolean {
  return status === 'retrying' && now - claimedAt <= LEASE_MS;
}

/** Due by its retry time, its age, or an expired claim. */
export function isDue(
  hold: HoldRecord,
  { config, invocation }: Pick<ResumeContext, 'config' | 'invocation'>,
  { evaluations, named }: DueHoldsContext,
): boolean {
  const now = invocation.now();
  if (hold.status === 'retrying') return !isBusy(hold, now) || named.has(hold.deployment);
  if (isTooOld(hold, config, now)) return true;
  const isClear = allowsResume(evaluations.get(hold.deployment)?.status);
  return hold.status === 'cooling down' && isClear && (hold.retryAt ?? 0) <= now;
}

/**
 * Reads the pipelines of due holds and retries, drops, abandons or postpones each. A failure does not stop the others;
 * its hold stays in the table.
 *
 * @returns the failures, and the updated records
 */
export async function processDueHolds(
  context: ResumeContext,
  due: readonly HoldRecord[],
  dueContext: DueHoldsContext,
): Promise<{ readonly failures: readonly HoldFailure[]; readonly holds: readonly HoldRecord[] }> {
  if (due.length === 0) return { failures: [], holds: [] };
  // Taken before the reads: a stop that happens after them is newer than the claim.
  const now = context.invocation.now();
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
  if (context.config.dryRun) return logPlannedOutcomes(context, attempts, ready);
  const retried = await retryStages(context, ready, now);
  const saved = await saveOutcomes(context, [...attempts, ...retried.attempts]);
  return { holds: saved.holds, failures: [...failures, ...retried.failures, ...saved.failures] };
}

/** IAM cannot test the tag of a stage's pipeline, so the tag is read right before the claim. */
async function decideHold({ config, invocation }: ResumeContext, hold: HoldRecord): Promise<ResumeDecision> {
  const { now, signal } = invocation;
  assertTimeLeft(invocation);
  try {
    const snapshot = await readSnapshot(hold, signal);
    const decision = decideResume(hold, snapshot, config, now());
    if (decision.kind !== 'retry' || isTagged(await listTags(hold.pipelineArn, signal))) return decision;
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
  const isClear = allowsResume(evaluation?.status);
  const isStillStopped = decision.kind !== 'continued' && decision.kind !== 'drop';
  if (hold.status === 'retrying' && isStillStopped) {
    if (isBusy(hold, invocation.now())) throw new RetryableError('another run is resuming it');
    if (!isClear) return { kind: 'held again', reason: evaluation?.text ?? '' };
  }
  if (decision.kind === 'abandon' && !isClear && evaluation)
    return { kind: 'abandoned', reason: `${decision.reason}; still blocked: ${evaluation.text}` };
  return toOutcome(decision, hold);
}

function logPlannedOutcomes(
  context: ResumeContext,
  attempts: readonly ResumeAttempt[],
  ready: readonly HoldRecord[],
): { readonly failures: readonly HoldFailure[]; readonly holds: readonly HoldRecord[] } {
  const resumed = ready.map(
    (hold): ResumeAttempt => ({ hold, outcome: { kind: 'resumed', reason: resumeReason(hold) } }),
  );
  for (const attempt of [...attempts, ...resumed]) logPlannedOutcome(context, attempt);
  return { failures: [], holds: [] };
}
