import { readRecords, scanRecords } from '#shared/aws/records.ts';
import { sendMessages } from '#shared/aws/sqs.ts';
import { removeRecords } from '#shared/aws/update-records.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { describeInstances } from '../aws/ec2.ts';
import type { UncordonConfig } from '../config.ts';
import type { Round } from '../context.ts';
import type { Cordon } from '../domain/cordon-record.ts';
import { type Fate, fateAtStateChange, fateAtSweep } from '../domain/uncordon-decision.ts';
import { dueEvent } from '../messages/events.ts';
import { describe } from '../messages/log.ts';
import type { Occasion, StateChange } from './event.ts';
import { type Failure, releaseCordons } from './undo-cordons.ts';

/** A record with what becomes of it, and the messages that decided it. */
interface Sentence {
  readonly cordon: Cordon;
  readonly fate: Fate;
  readonly messages: readonly string[];
}

/**
 * Undoes cordons whose danger has passed and forgets instances that are gone. The sweep looks at every record, a
 * state change only at its own instance's. What fails stays recorded and is taken up by the next sweep.
 */
export async function uncordonInstances(
  deliveries: readonly QueueMessage<Occasion>[],
  config: UncordonConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const round: Round = {
    config,
    invocation,
    use: { table: config.table, key: 'instanceId', signal: invocation.signal },
  };
  const changes = deliveries.flatMap(({ id, message }) =>
    message.kind === 'state-change' ? [{ ...message, id }] : [],
  );
  const sweep = deliveries.find(({ message }) => message.kind === 'sweep');
  const sentences = [
    ...(sweep ? await judgeAll(round, sweep.id) : []),
    ...(changes.length > 0 ? await judgeChanged(round, changes) : []),
  ];
  return config.dryRun ? rehearse(round, sentences) : carryOut(round, sentences);
}

async function judgeAll({ invocation, use }: Round, messageId: string): Promise<Sentence[]> {
  const cordons = await scanRecords(use);
  if (cordons.length === 0) return [];
  const ids = cordons.map(({ instanceId }) => instanceId);
  const instances = await describeInstances(ids, invocation.signal);
  return cordons.map((cordon) => {
    const instance = instances.get(cordon.instanceId);
    return { cordon, fate: fateAtSweep(cordon, instance, invocation.now()), messages: [messageId] };
  });
}

/** Nearly all state changes are of instances that were never cordoned: a hundred of them cost one read. */
async function judgeChanged(
  { use }: Round,
  changes: readonly (StateChange & { readonly id: string })[],
): Promise<Sentence[]> {
  const byInstance = Map.groupBy(changes, ({ instanceId }) => instanceId);
  const cordons = await readRecords(use, [...byInstance.keys()]);
  return [...cordons.values()].map((cordon) => {
    const own = byInstance.get(cordon.instanceId) ?? [];
    const fates = own.map(({ state, time }) => fateAtStateChange(cordon, state, time));
    // Out of order or not, an instance that was terminated does not come back.
    const fate = fates.find(({ fate }) => fate === 'forget') ?? fates.find(({ fate }) => fate === 'release');
    return { cordon, fate: fate ?? { fate: 'keep', overdue: false }, messages: own.map(({ id }) => id) };
  });
}

async function carryOut(round: Round, sentences: readonly Sentence[]): Promise<BatchResult> {
  const failed = [
    ...(await release(round, sentences)),
    ...(await forget(round, of(sentences, 'forget'))),
    ...(await handBack(round, of(sentences, 'hand back'))),
  ];
  reportOverdue(round, sentences);
  const messages = new Map(sentences.map(({ cordon, messages }) => [cordon.instanceId, messages]));
  const retry = failed.flatMap(({ instanceId, error }) =>
    (messages.get(instanceId) ?? []).map((id) => ({ id, error })),
  );
  const fates = Map.groupBy(sentences, ({ fate }) => fate.fate);
  const response = Object.fromEntries(
    [...fates].map(([fate, some]) => [fate, some.map(({ cordon }) => cordon.instanceId)]),
  );
  return { retry, response };
}

async function release(round: Round, sentences: readonly Sentence[]): Promise<readonly Failure[]> {
  const due = sentences.flatMap(({ cordon, fate }) =>
    fate.fate === 'release' ? [{ cordon, why: fate.why }] : [],
  );
  return due.length === 0 ? [] : releaseCordons(round, due);
}

async function forget({ invocation, use }: Round, cordons: readonly Cordon[]): Promise<readonly Failure[]> {
  if (cordons.length === 0) return [];
  const changed = new Set(await removeRecords(use, cordons));
  const gone = cordons.filter(({ instanceId }) => !changed.has(instanceId));
  for (const cordon of gone) invocation.logger.info('forgotten', describe(cordon));
  addCount(invocation.metrics, 'Forgotten', gone.length);
  // Somebody wrote meanwhile: the next sweep judges what is there now.
  return [];
}

async function handBack(
  { config, invocation }: Round,
  cordons: readonly Cordon[],
): Promise<readonly Failure[]> {
  if (cordons.length === 0) return [];
  const notices = cordons.map(({ instanceId }) => ({
    body: dueEvent(instanceId, config.region, invocation.now()),
  }));
  const errors = await sendMessages(config.advisoryQueueUrl, notices, invocation.signal);
  const handed = cordons.filter((_, i) => errors[i] === undefined);
  for (const cordon of handed)
    invocation.logger.info('notice has come due and is handed back', describe(cordon));
  return cordons.flatMap(({ instanceId }, i) =>
    errors[i] === undefined ? [] : [{ instanceId, error: errors[i] }],
  );
}

function rehearse({ invocation }: Round, sentences: readonly Sentence[]): BatchResult {
  for (const { cordon, fate } of sentences) {
    if (fate.fate !== 'keep')
      invocation.logger.info(`dry run: would ${fate.fate}`, { ...describe(cordon), ...fate });
  }
  return {
    retry: [],
    response: sentences.map(({ cordon, fate }) => ({ instanceId: cordon.instanceId, ...fate })),
  };
}

function reportOverdue({ invocation }: Round, sentences: readonly Sentence[]): void {
  const overdue = sentences.filter(({ fate }) => fate.fate === 'keep' && fate.overdue);
  for (const { cordon } of overdue)
    invocation.logger.warn('still running long after its deadline', describe(cordon));
  addCount(invocation.metrics, 'Overdue', overdue.length);
}

function of(sentences: readonly Sentence[], fate: Fate['fate']): Cordon[] {
  return sentences.filter((sentence) => sentence.fate.fate === fate).map(({ cordon }) => cordon);
}
