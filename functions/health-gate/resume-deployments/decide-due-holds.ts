import { forEachIsolated } from '#shared/concurrency.ts';
import { isClientError, RetryableError } from '#shared/errors.ts';
import { describePipelineAndExecution } from '../aws/codepipeline.ts';
import { assertTimeLeft, type HoldFailure, PIPELINE_CONCURRENCY, type ResumeContext } from '../context.ts';
import { type HoldRecord, isTooOld, LEASE_MS } from '../domain/hold-record.ts';
import { decideResume, type ResumeDecision } from '../domain/resume-decision.ts';
import type { HoldEvaluation } from './evaluate-holds.ts';
import { deniedReason, retryStages, toOutcome } from './retry-stage.ts';
import { type AttemptOutcome, logPlannedOutcome, type ResumeAttempt, saveOutcomes } from './save-outcomes.ts';

/** What a run knows of the deployments whose turn it is. */
export interface DueHoldsContext {
  readonly evaluations: ReadonlyMap<string, HoldEvaluation>;
  /** Named by a message of their own, which comes again if another run is busy with them. */
  readonly named: ReadonlySet<string>;
}

/** Whether somebody else resumes it just now, or died less than a lease ago. */
export function isBusy({ claimedAt = 0, status }: HoldRecord, now: number): boolean {
  return status === 'retrying' && now - claimedAt <= LEASE_MS;
}

/** Whether its turn has come: its time, its age, or a claim that somebody left behind. */
export function isDue(
  hold: HoldRecord,
  { config, invocation }: Pick<ResumeContext, 'config' | 'invocation'>,
  { evaluations, named }: DueHoldsContext,
): boolean {
  const now = invocation.now();
  if (hold.status === 'retrying') return !isBusy(hold, now) || named.has(hold.deployment);
  if (isTooOld(hold, config, now)) return true;
  const isClear = evaluations.get(hold.deployment)?.status === 'clear';
  return hold.status === 'clearing' && isClear && (hold.retryAt ?? 0) <= now;
}

/**
 * Looks at the pipelines of those whose turn has come and does what is right for each: retries, lets go, gives up, puts
 * off. One that fails stops no other and stays on record.
 *
 * @returns what failed, and the records as they are now
 */
export async function processDueHolds(
  round: ResumeContext,
  due: readonly HoldRecord[],
  knowledge: DueHoldsContext,
): Promise<{ readonly failures: readonly HoldFailure[]; readonly holds: readonly HoldRecord[] }> {
  if (due.length === 0) return { failures: [], holds: [] };
  // Before the looks: what a gate stops after its pipeline was looked at is news to the claim.
  const now = round.invocation.now();
  const failures: HoldFailure[] = [];
  const turns: ResumeAttempt[] = [];
  const ready: HoldRecord[] = [];
  await forEachIsolated(
    due,
    PIPELINE_CONCURRENCY,
    async (hold) => {
      const outcome = combineWithStatus(round, hold, await decideHold(round, hold), knowledge);
      if (outcome) turns.push({ hold, outcome });
      else ready.push(hold);
    },
    ({ deployment }, error) => failures.push({ deployment, error }),
  );
  if (round.config.dryRun) return logPlannedOutcomes(round, turns, ready);
  const retried = await retryStages(round, ready, now);
  const settled = await saveOutcomes(round, [...turns, ...retried.attempts]);
  return { holds: settled.holds, failures: [...failures, ...retried.failures, ...settled.failures] };
}

async function decideHold({ config, invocation }: ResumeContext, hold: HoldRecord): Promise<ResumeDecision> {
  assertTimeLeft(invocation);
  try {
    return decideResume(
      hold,
      await describePipelineAndExecution(hold, invocation.signal),
      config,
      invocation.now(),
    );
  } catch (error) {
    if (!isClientError(error)) throw error;
    return { fate: 'give up', why: deniedReason(error) };
  }
}

/** Undefined for one that is to be retried. */
function combineWithStatus(
  { invocation }: ResumeContext,
  hold: HoldRecord,
  fate: ResumeDecision,
  { evaluations }: DueHoldsContext,
): AttemptOutcome | undefined {
  const finding = evaluations.get(hold.deployment);
  const isClear = finding?.status === 'clear';
  const stillThere = fate.fate !== 'going' && fate.fate !== 'drop';
  if (hold.status === 'retrying' && stillThere) {
    if (isBusy(hold, invocation.now())) throw new RetryableError('another run is resuming it');
    if (!isClear) return { kind: 'held on', reason: finding?.text ?? '' };
  }
  if (fate.fate === 'give up' && !isClear && finding)
    return { kind: 'given up', reason: `${fate.why}, and still: ${finding.text}` };
  return toOutcome(fate, hold);
}

function logPlannedOutcomes(
  round: ResumeContext,
  turns: readonly ResumeAttempt[],
  ready: readonly HoldRecord[],
): { readonly failures: readonly HoldFailure[]; readonly holds: readonly HoldRecord[] } {
  const resumed = ready.map(
    (hold): ResumeAttempt => ({ hold, outcome: { kind: 'resumed', reason: 'the checks are clear' } }),
  );
  for (const turn of [...turns, ...resumed]) logPlannedOutcome(round, turn);
  return { failures: [], holds: [] };
}
