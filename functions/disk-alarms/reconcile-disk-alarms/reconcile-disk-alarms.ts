import { InvalidInputError } from '#shared/errors.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatValue } from '#shared/redact.ts';
import { describeTopic } from '../aws/sns.ts';
import type { Config } from '../config.ts';
import { resolveTopic, topicFault } from '../domain/topic.ts';
import type { Scope, TriggerEvent } from './event.ts';
import { notifyRecoveries } from './notify-recoveries.ts';
import { reconcileInstances } from './reconcile-instances.ts';
import type { ReconcileRun } from './run-context.ts';

type Delivery = QueueMessage<TriggerEvent>;
type Call = Extract<TriggerEvent, { kind: 'call' }>;

/** Follow-ups end before the next scheduled run, which does the remaining work: two chains would share one quota. */
const MAX_CHAIN_MS = 55 * 60_000;

/** A direct call reads for so long: the AWS CLI times out after a minute, and changes need time, too. */
const CALL_READ_MS = 25_000;

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
  for (const { ids, run } of groupRuns(deliveries, config, invocation)) {
    try {
      response = await run();
    } catch (error) {
      retry.push(...ids.map((id) => ({ id, error })));
    }
  }
  return { retry, response };
}

interface RunOfBatch {
  readonly ids: readonly string[];
  readonly run: () => Promise<unknown>;
}

function groupRuns(deliveries: readonly Delivery[], config: Config, invocation: Invocation): RunOfBatch[] {
  const changed = deliveries.filter(({ message }) => message.kind === 'changed');
  const others = deliveries.filter(
    ({ message }) => message.kind !== 'changed' && message.kind !== 'recovery',
  );
  return [
    ...(changed.length > 0
      ? [{ ids: idsOf(changed), run: () => reconcileChanged(changed, config, invocation) }]
      : []),
    ...others.map(({ id, message }) => ({ ids: [id], run: () => runSingle(message, config, invocation) })),
  ];
}

function idsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ id }) => id);
}

/** The event only names the instances; their state is read now. So events may arrive twice, late or out of order. */
async function reconcileChanged(
  changed: readonly Delivery[],
  config: Config,
  invocation: Invocation,
): Promise<unknown> {
  const messages = changed.flatMap(({ message }) => (message.kind === 'changed' ? [message] : []));
  const instanceIds = [...new Set(messages.flatMap((one) => one.instanceIds))];
  // In fleet mode the alarms' queries find new instances, so there is nothing to do.
  if (config.mode === 'fleet') return undefined;
  return reconcileInstances(
    {
      ...defaultRun(config, invocation),
      scope: { instanceIds },
      rechecks: messages.some(({ isStart }) => isStart),
    },
    config,
    invocation,
  );
}

async function runSingle(message: TriggerEvent, config: Config, invocation: Invocation): Promise<unknown> {
  if (message.kind === 'call') return answerCall(message, config, invocation);
  const base = defaultRun(config, invocation);
  if (message.kind !== 'follow-up')
    return reconcileInstances({ ...base, scope: { fleet: true } }, config, invocation);
  const { scope, topicArn, isNamed, calledAt, attempt, reason, until } = message.task;
  if (invocation.now() > until) {
    invocation.logger.info('follow-up dropped: the next scheduled run does its work', { reason, attempt });
    addCount(invocation.metrics, 'Dropped');
    return undefined;
  }
  return reconcileInstances(
    { ...base, scope, topicArn, isNamed, calledAt, attempt, until, rechecks: reason === 'no-metrics' },
    config,
    invocation,
  );
}

function defaultRun({ dryRun }: Config, invocation: Invocation): Omit<ReconcileRun, 'scope'> {
  const until = invocation.now() + MAX_CHAIN_MS;
  const readUntil = Number.POSITIVE_INFINITY;
  return { dryRun, isNamed: false, isCall: false, rechecks: false, attempt: 0, until, readUntil };
}

/** Invalid input is returned to the caller as `{ error }`; nothing was changed then. */
async function answerCall(call: Call, config: Config, invocation: Invocation): Promise<unknown> {
  try {
    const scope = scopeOf(call, config);
    const topicArn = await topicOf(call, config, invocation);
    const dryRun = config.dryRun || call.dryRun;
    const isNamed = 'hostname' in scope;
    const calledAt = invocation.now();
    const task = { ...defaultRun(config, invocation), scope, topicArn, isNamed, calledAt, dryRun };
    const awaited = { isCall: true, rechecks: true, readUntil: calledAt + CALL_READ_MS };
    return await reconcileInstances({ ...task, ...awaited }, config, invocation);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    invocation.logger.warn('call rejected', { reason: error.message });
    addCount(invocation.metrics, 'Malformed');
    return { error: error.message };
  }
}

function scopeOf({ hostname }: Call, { mode }: Config): Scope {
  if (hostname === undefined) return { fleet: true };
  if (mode === 'fleet')
    throw new InvalidInputError(
      'hostname: not available in fleet mode, which has no alarms for single instances',
    );
  return { hostname };
}

async function topicOf({ topic }: Call, config: Config, { signal }: Invocation): Promise<string | undefined> {
  if (topic === undefined) return undefined;
  if (config.mode === 'fleet')
    throw new InvalidInputError(
      `sns_topic_name: not available in fleet mode, whose alarms use the default topic; got ${formatValue(topic)}`,
    );
  const arn = resolveTopic(topic, config.topicArn, 'sns_topic_name');
  const fault = topicFault(arn, await describeTopic(arn, signal));
  if (fault === undefined) return arn;
  throw new InvalidInputError(`sns_topic_name: ${fault}`);
}
