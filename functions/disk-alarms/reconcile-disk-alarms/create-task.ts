import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { formatValue } from '#shared/redact.ts';
import type { Config } from '../config.ts';
import { resolveTopic } from '../domain/topic.ts';
import type { FollowUp, Scope, TriggerEvent } from './event.ts';
import { findTopicFault } from './find-topic-fault.ts';
import type { ReconcileRun, RunContext } from './run-context.ts';

/** What starts a run. */
export type RunMessage = Exclude<TriggerEvent, { kind: 'recovery' }>;

type Call = Extract<TriggerEvent, { kind: 'call' }>;

/** Follow-ups end before the next scheduled run, which does the remaining work: two chains would share one quota. */
const MAX_CHAIN_MS = 55 * 60_000;

/** A direct call reads for so long: the AWS CLI times out after a minute, and changes need time, too. */
const CALL_READ_MS = 25_000;

/**
 * @returns the run that a message asks for, or undefined if there is nothing to do
 * @throws InvalidInputError if a direct call names a topic that cannot be used, or what fleet mode does not have
 */
export async function createTask(
  message: RunMessage,
  context: RunContext,
): Promise<ReconcileRun | undefined> {
  const base = defaultRun(context);
  switch (message.kind) {
    case 'changed': {
      const { instanceIds, isStart } = message;
      // In fleet mode the alarms' queries find new instances.
      return context.config.mode === 'fleet'
        ? undefined
        : { ...base, scope: { instanceIds: [...instanceIds] }, rechecks: isStart };
    }
    case 'follow-up':
      return continueTask(message.task, base, context);
    case 'call':
      return createCallTask(message, base, context);
    case 'schedule':
      return { ...base, scope: { fleet: true } };
  }
}

type BaseRun = Omit<ReconcileRun, 'scope'>;

function defaultRun({ config: { dryRun }, invocation }: RunContext): BaseRun {
  const until = invocation.now() + MAX_CHAIN_MS;
  const readUntil = Number.POSITIVE_INFINITY;
  return { dryRun, isNamed: false, isCall: false, rechecks: false, attempt: 0, until, readUntil };
}

function continueTask(
  { scope, topicArn, isNamed, calledAt, attempt, reason, until }: FollowUp,
  base: BaseRun,
  { invocation }: RunContext,
): ReconcileRun | undefined {
  if (invocation.now() > until) {
    invocation.logger.info('follow-up dropped: the next scheduled run does its work', { reason, attempt });
    addCount(invocation.metrics, 'Dropped');
    return undefined;
  }
  const rechecks = reason === 'no-metrics';
  return { ...base, scope, topicArn, isNamed, calledAt, attempt, until, rechecks };
}

async function createCallTask(
  call: Call,
  base: BaseRun,
  { config, invocation }: RunContext,
): Promise<ReconcileRun> {
  const scope = scopeOf(call, config);
  const topicArn = await topicOf(call, config, invocation);
  const dryRun = config.dryRun || call.dryRun;
  const isNamed = 'hostname' in scope;
  const calledAt = invocation.now();
  const awaited = { isCall: true, rechecks: true, readUntil: calledAt + CALL_READ_MS };
  return { ...base, scope, topicArn, isNamed, calledAt, dryRun, ...awaited };
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
  const fault = await findTopicFault(arn, signal);
  if (fault === undefined) return arn;
  throw new InvalidInputError(`sns_topic_name: ${fault}`);
}
