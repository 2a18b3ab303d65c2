import { sendMessages } from '#shared/aws/sqs.ts';
import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatValue } from '#shared/redact.ts';
import type { Config } from '../config.ts';
import type { Plan } from '../domain/plan.ts';
import { type ApplyResult, applyPlan } from './apply-plan.ts';
import type { FollowUp, Scope } from './event.ts';
import { planRun, type RunContext } from './plan-run.ts';
import { readInventory } from './read-inventory.ts';
import { type RunOutcome, toCounts, toResponse } from './response.ts';

/** One run over a part of the fleet. */
export interface ReconcileRun {
  readonly scope: Scope;
  readonly topicArn?: string | undefined;
  /** A direct call named the instances, so `Scope` does not matter. */
  readonly isNamed: boolean;
  readonly dryRun: boolean;
  /** A direct call: the caller waits for the response. */
  readonly isCall: boolean;
  /** Whether to check instances without metrics again later. */
  readonly rechecks: boolean;
  /** How many follow-ups came before this run. */
  readonly attempt: number;
  /** Epoch milliseconds. After this the next scheduled run does the work. */
  readonly until: number;
}

/** Time kept for the last call, the follow-up message and the response. */
const MIN_REMAINING_MS = 60_000;
/** The AWS CLI times out after a minute and then calls again. */
const CALL_TIMEOUT_MS = 40_000;
/** CloudWatch lists a new metric within 15 minutes. */
const RECHECK_SECONDS = 900;
/** Instance ids in one message: an id has 20 characters, a message holds 256 KB. */
const MAX_IDS = 5000;

/** Reads, plans and applies. If time runs out, a message to our own queue continues the work. */
export async function reconcileInstances(
  task: ReconcileRun,
  config: Config,
  invocation: Invocation,
): Promise<object> {
  const begun = invocation.now();
  const inventory = await readInventory(task.scope, config, begun, invocation.signal);
  if (task.isCall && 'hostname' in task.scope && inventory.instanceIds.length === 0)
    throw new InvalidInputError(
      `hostname: no instance has a Name tag like ${formatValue(task.scope.hostname)}`,
    );
  const about = await planRun(task, inventory, { config, invocation });
  if (task.dryRun) {
    invocation.logger.info('reconcile planned', {
      ...task.scope,
      ...toCounts(about),
      ...sampleNames(about.plan),
    });
    return toResponse({ ...about, continues: false });
  }
  const until = task.isCall ? begun + CALL_TIMEOUT_MS : Number.POSITIVE_INFINITY;
  const applied = await applyPlan(
    about.plan,
    Math.min(until, invocation.now() + invocation.remainingMs() - MIN_REMAINING_MS),
    invocation,
  );
  const continues = await scheduleFollowUps(task, applied, about.withoutMetrics, { config, invocation });
  return reportOutcome(task, { ...about, applied, continues }, invocation);
}

function sampleNames(decided: Plan) {
  const names = (alarms: readonly { readonly name: string }[]) => alarms.slice(0, 20).map(({ name }) => name);
  return {
    create: names(decided.create),
    update: names(decided.update.map(({ alarm }) => alarm)),
    delete: names(decided.delete),
  };
}

/** @returns whether a follow-up continues with the pending changes */
async function scheduleFollowUps(
  task: ReconcileRun,
  { pending }: ApplyResult,
  withoutMetrics: readonly string[],
  { config, invocation }: RunContext,
): Promise<boolean> {
  const { scope, topicArn, isNamed, attempt } = task;
  const later = async (reason: FollowUp['reason'], what: Scope, seconds: number) => {
    const next: FollowUp = {
      scope: what,
      ...(topicArn && { topicArn }),
      isNamed,
      attempt: attempt + 1,
      reason,
      until: task.until,
    };
    // SQS delays a message by at most 900 seconds.
    const delaySeconds = Math.min(900, Math.round(seconds));
    const message = { body: { task: next }, delaySeconds };
    const [error] = await sendMessages(config.queueUrl, [message], invocation.signal);
    if (error !== undefined) throw error;
  };
  const now = invocation.now();
  if (withoutMetrics.length > 0 && now + RECHECK_SECONDS * 1000 <= task.until) {
    await later('no-metrics', { instanceIds: withoutMetrics.slice(0, MAX_IDS) }, RECHECK_SECONDS);
    addCount(invocation.metrics, 'RecheckScheduled', withoutMetrics.length);
  }
  const continues = pending > 0 && now < task.until;
  // After throttling we wait, longer each time, to leave the quota to other callers.
  if (continues) await later('unfinished', scope, Math.min(600, 15 * 2 ** attempt));
  return continues;
}

function reportOutcome(
  { scope }: ReconcileRun,
  outcome: RunOutcome,
  { logger, metrics }: Invocation,
): object {
  const { applied, continues } = outcome;
  const about = { ...scope, ...toCounts(outcome), ...applied, refused: applied?.refused.length, continues };
  const left = applied?.pending ?? 0;
  if (left > 0 && !continues) logger.warn('reconcile incomplete: the next scheduled run continues', about);
  else logger.info(left > 0 ? 'reconcile incomplete: a follow-up continues' : 'reconcile completed', about);
  if (outcome.overMaximum > 0)
    logger.error(
      'alarms not created: MaxAlarms reached (docs/operating.md: "Disk alarms reach their maximum")',
      {
        missing: outcome.overMaximum,
      },
    );
  addCount(metrics, 'AlarmsOverMaximum', outcome.overMaximum);
  // Only a run over all instances counts: others would report parts of the same number.
  if ('fleet' in scope) {
    addCount(metrics, 'InstancesWithoutMetrics', outcome.unmonitored.length);
    addCount(metrics, 'DisksWithoutSize', outcome.unsized.length);
  }
  addCount(metrics, 'TopicsUnusable', outcome.unusableTopics.length);
  addCount(metrics, 'ChangesPending', left);
  addCount(metrics, 'Skipped', outcome.plan.skipped.length);
  return toResponse(outcome);
}
