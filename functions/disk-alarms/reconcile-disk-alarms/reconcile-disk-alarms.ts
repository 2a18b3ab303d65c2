import { InvalidInputError } from '#shared/errors.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatValue } from '#shared/redact.ts';
import { topicExists } from '../aws/sns.ts';
import type { Config } from '../config.ts';
import { resolveTopic } from '../domain/topic.ts';
import type { Occasion, Scope } from './event.ts';
import { reconcile, type Task } from './reconcile-instances.ts';

type Received = QueueMessage<Occasion>;
type Call = Extract<Occasion, { kind: 'call' }>;

/** The scheduled run of the next hour takes up what is left; chains of runs that overlap would share one quota. */
const CHAIN_MS = 55 * 60_000;

/** Changed instances of a batch are one run; everything else is a run of its own. */
export async function reconcileDiskAlarms(
  deliveries: readonly Received[],
  config: Config,
  invocation: Invocation,
): Promise<BatchResult> {
  const retry: { id: string; error: unknown }[] = [];
  let response: unknown;
  for (const { ids, run } of runsOf(deliveries, config, invocation)) {
    try {
      response = await run();
    } catch (error) {
      retry.push(...ids.map((id) => ({ id, error })));
    }
  }
  return { retry, response };
}

interface Run {
  readonly ids: readonly string[];
  readonly run: () => Promise<unknown>;
}

function runsOf(deliveries: readonly Received[], config: Config, invocation: Invocation): Run[] {
  const changed = deliveries.filter(({ message }) => message.kind === 'changed');
  const others = deliveries.filter(({ message }) => message.kind !== 'changed');
  return [
    ...(changed.length > 0
      ? [{ ids: idsOf(changed), run: () => lookAtChanged(changed, config, invocation) }]
      : []),
    ...others.map(({ id, message }) => ({ ids: [id], run: () => runOne(message, config, invocation) })),
  ];
}

function idsOf(deliveries: readonly Received[]): string[] {
  return deliveries.map(({ id }) => id);
}

/** State is read now, so that events may come twice, late and in any order: they only say where to look. */
async function lookAtChanged(
  changed: readonly Received[],
  config: Config,
  invocation: Invocation,
): Promise<unknown> {
  const messages = changed.flatMap(({ message }) => (message.kind === 'changed' ? [message] : []));
  const instanceIds = [...new Set(messages.flatMap((one) => one.instanceIds))];
  // The fleet's alarms know no instances: what comes and goes is the query's business.
  if (config.mode === 'fleet') return undefined;
  return reconcile(
    {
      ...plain(config, invocation),
      scope: { instanceIds },
      looksAgain: messages.some(({ isStart }) => isStart),
    },
    config,
    invocation,
  );
}

async function runOne(message: Occasion, config: Config, invocation: Invocation): Promise<unknown> {
  if (message.kind === 'call') return answerCall(message, config, invocation);
  const base = plain(config, invocation);
  if (message.kind !== 'follow-up') return reconcile({ ...base, scope: { fleet: true } }, config, invocation);
  const { scope, topicArn, round, why, until } = message.task;
  if (invocation.now() > until) {
    invocation.logger.info('dropped', { reason: 'the scheduled run has it', why, round });
    addCount(invocation.metrics, 'Dropped');
    return undefined;
  }
  return reconcile(
    { ...base, scope, topicArn, round, until, looksAgain: why === 'unheard' },
    config,
    invocation,
  );
}

function plain({ dryRun }: Config, invocation: Invocation): Omit<Task, 'scope'> {
  return { dryRun, isCall: false, looksAgain: false, round: 0, until: invocation.now() + CHAIN_MS };
}

/** What is wrong with a call is answered and not thrown: the caller sees it, and nothing was touched. */
async function answerCall(call: Call, config: Config, invocation: Invocation): Promise<unknown> {
  try {
    const scope = scopeOf(call, config);
    const topicArn = await topicOf(call, config, invocation);
    const dryRun = config.dryRun || call.dryRun;
    const task = { ...plain(config, invocation), scope, topicArn, dryRun, isCall: true, looksAgain: true };
    return await reconcile(task, config, invocation);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    invocation.logger.warn('refused a call', { reason: error.message });
    addCount(invocation.metrics, 'Malformed');
    return { error: error.message };
  }
}

function scopeOf({ hostname }: Call, { mode }: Config): Scope {
  if (hostname === undefined) return { fleet: true };
  if (mode === 'fleet')
    throw new InvalidInputError('hostname: in fleet mode no instance has alarms of its own');
  return { hostname };
}

async function topicOf({ topic }: Call, config: Config, { signal }: Invocation): Promise<string | undefined> {
  if (topic === undefined) return undefined;
  if (config.mode === 'fleet')
    throw new InvalidInputError(
      `sns_topic_name: in fleet mode the alarms ring the pack's topic, not ${formatValue(topic)}`,
    );
  const arn = resolveTopic(topic, config.topicArn, 'sns_topic_name');
  if (await topicExists(arn, signal)) return arn;
  throw new InvalidInputError(`sns_topic_name: there is no topic ${arn}`);
}
