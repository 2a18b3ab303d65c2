import { InvalidInputError } from '#shared/errors.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatValue } from '#shared/redact.ts';
import type { Config } from '../config.ts';
import { applyPlan } from './apply-plan.ts';
import { createTask, type RunMessage } from './create-task.ts';
import type { TriggerEvent } from './event.ts';
import { findOtherAlarms } from './find-other-alarms.ts';
import { scheduleFollowUps } from './follow-ups.ts';
import { notifyRecoveries } from './notify-recoveries.ts';
import { planRun } from './plan-run.ts';
import { readInventory } from './read-inventory.ts';
import { reportOutcome, reportPlan } from './report-run.ts';
import type { ReconcileRun, RunContext } from './run-context.ts';

type Delivery = QueueMessage<TriggerEvent>;

/** Time kept for the last call, the follow-up message and the response. */
const MIN_REMAINING_MS = 60_000;
/** The AWS CLI times out after a minute and then calls again. */
const CALL_TIMEOUT_MS = 40_000;

/** All changed instances of a batch share one run; every other message has its own run. */
export async function reconcileDiskAlarms(
  deliveries: readonly Delivery[],
  config: Config,
  invocation: Invocation,
): Promise<BatchResult> {
  const retry: { id: string; error: unknown }[] = [];
  let response: unknown;
  const recoveries = deliveries.flatMap(({ message, ...delivery }) =>
    message.kind === 'recovery' ? [{ ...delivery, message: message.recovery }] : [],
  );
  if (recoveries.length > 0) retry.push(...(await notifyRecoveries(recoveries, config, invocation)));
  for (const { ids, message } of groupMessages(deliveries)) {
    try {
      response = await handleMessage(message, { config, invocation });
    } catch (error) {
      retry.push(...ids.map((id) => ({ id, error })));
    }
  }
  return { retry, response };
}

interface MessageGroup {
  readonly ids: readonly string[];
  readonly message: RunMessage;
}

/** Events only name the instances; their state is read now. So events may arrive twice, late or out of order. */
function groupMessages(deliveries: readonly Delivery[]): MessageGroup[] {
  const changed = deliveries.flatMap(({ id, message }) =>
    message.kind === 'changed' ? [{ id, ...message }] : [],
  );
  const others = deliveries.flatMap(({ id, message }) =>
    message.kind === 'changed' || message.kind === 'recovery' ? [] : [{ ids: [id], message }],
  );
  if (changed.length === 0) return others;
  const instanceIds = [...new Set(changed.flatMap((one) => one.instanceIds))];
  const isStart = changed.some((one) => one.isStart);
  return [
    { ids: changed.map(({ id }) => id), message: { kind: 'changed', instanceIds, isStart } },
    ...others,
  ];
}

/** Invalid input is returned to the caller as `{ error }`; nothing was changed then. */
async function handleMessage(message: RunMessage, context: RunContext): Promise<unknown> {
  try {
    const task = await createTask(message, context);
    return task && (await reconcile(task, context));
  } catch (error) {
    if (message.kind !== 'call' || !(error instanceof InvalidInputError)) throw error;
    const { logger, metrics } = context.invocation;
    logger.warn('call rejected', { reason: error.message });
    addCount(metrics, 'Malformed');
    return { error: error.message };
  }
}

/** Reads, plans and applies. If time runs out, a message to our own queue continues the work. */
async function reconcile(task: ReconcileRun, context: RunContext): Promise<object> {
  const { config, invocation } = context;
  const begun = invocation.now();
  const inventory = await readInventory(task, context);
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
