import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatValue } from '#shared/redact.ts';
import type { Config } from '../config.ts';
import type { Inventory } from '../domain/inventory.ts';
import type { Plan } from '../domain/plan.ts';
import { applyPlan } from './apply-plan.ts';
import { findOtherAlarms } from './find-other-alarms.ts';
import { scheduleFollowUps } from './follow-ups.ts';
import { planRun } from './plan-run.ts';
import { readInventory } from './read-inventory.ts';
import { type RunOutcome, toCounts, toResponse } from './response.ts';
import type { ReconcileRun, RunContext } from './run-context.ts';

/** Time kept for the last call, the follow-up message and the response. */
const MIN_REMAINING_MS = 60_000;
/** The AWS CLI times out after a minute and then calls again. */
const CALL_TIMEOUT_MS = 40_000;

/** Reads, plans and applies. If time runs out, a message to our own queue continues the work. */
export async function reconcileInstances(
  task: ReconcileRun,
  config: Config,
  invocation: Invocation,
): Promise<object> {
  const begun = invocation.now();
  const context = { config, invocation };
  const inventory = await readForRun(task, context);
  if (inventory === undefined) return continueReading(task, context);
  if (task.isCall && 'hostname' in task.scope && inventory.instanceIds.length === 0)
    throw new InvalidInputError(
      `hostname: no instance has a Name tag like ${formatValue(task.scope.hostname)}`,
    );
  const about = await planRun(task, inventory, context);
  if (task.dryRun) {
    const otherAlarms = task.isCall ? await findOtherAlarms(inventory, begun + CALL_TIMEOUT_MS, context) : [];
    return reportPlan(task, { ...about, otherAlarms }, invocation);
  }
  const until = task.isCall ? begun + CALL_TIMEOUT_MS : Number.POSITIVE_INFINITY;
  const made = await applyPlan(
    about.plan,
    {
      until: Math.min(until, invocation.now() + invocation.remainingMs() - MIN_REMAINING_MS),
      readAt: begun,
      prefix: config.prefix,
      perSecond: config.changesPerSecond,
    },
    invocation,
  );
  const applied = { ...made, pending: made.pending + about.uncounted };
  const work = { pending: applied.pending, withoutMetrics: about.withoutMetrics, unread: inventory.unread };
  const continues = await scheduleFollowUps(task, work, context);
  return reportOutcome(task, { ...about, applied, continues }, invocation);
}

/** @returns undefined if a direct call over all instances has no time to read them */
async function readForRun(
  { scope, isCall, readUntil }: ReconcileRun,
  { config, invocation }: RunContext,
): Promise<Inventory | undefined> {
  const { signal, now } = invocation;
  if (!isCall) return readInventory(scope, config, { signal, now, until: readUntil });
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(), readUntil - now());
  const either = AbortSignal.any([signal, timeUp.signal]);
  try {
    return await readInventory(scope, config, {
      signal: 'fleet' in scope ? either : signal,
      now,
      until: readUntil,
    });
  } catch (error) {
    if ('fleet' in scope && timeUp.signal.aborted && !signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function continueReading(task: ReconcileRun, context: RunContext): Promise<object> {
  if (task.dryRun)
    throw new InvalidInputError(
      'hostname: there is no time to read all instances; name some of them, for example "web-*"',
    );
  const work = { pending: 0, withoutMetrics: [], unread: 'all' } as const;
  const continues = await scheduleFollowUps(task, work, context);
  context.invocation.logger.info('reconcile continues: a follow-up reads all instances');
  return { dryRun: false, unread: 'all', continues };
}

function reportPlan(
  { scope }: ReconcileRun,
  about: Omit<RunOutcome, 'applied' | 'continues'>,
  { logger }: Invocation,
): object {
  logger.info('reconcile planned', { ...scope, ...toCounts(about), ...sampleNames(about.plan) });
  return toResponse({ ...about, continues: false });
}

function sampleNames(decided: Plan) {
  const names = (alarms: readonly { readonly name: string }[]) => alarms.slice(0, 20).map(({ name }) => name);
  return {
    create: names(decided.create),
    update: names(decided.update.map(({ alarm }) => alarm)),
    delete: names(decided.delete),
  };
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
