import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.ts';
import { list, mapping, numberOr, optionalText } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { messagesToDelete } from './batch-result.ts';
import type { QueueArrivals } from './queue-arrivals.ts';
import { deleteMessages, receiveMessages } from './sqs-client.ts';

export interface PollerOptions {
  readonly stack: Stack;
  readonly sqs: SQSClient;
  readonly clock: Clock;
  readonly arrivals: QueueArrivals;
  /** Visible, delayed and received messages of a queue. */
  readonly countMessages: (queueUrl: string) => number;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
}

/** Delivers the messages of a queue to a function, as a Lambda event source mapping does. */
export interface Poller {
  readonly id: string;
  readonly queueUrl: string;
  readonly functionId: string;
  /** How long to wait for more messages before a batch is delivered. */
  readonly batchWindowMs: number;
  /** How long Lambda waits with little traffic: see `lowTrafficWaitMs`. */
  readonly longestWaitMs: number;
  readonly batchSize: number;
  /** Delivers one batch, after waiting `waitMs` for more messages. Returns the number of messages. */
  poll(waitMs?: number): Promise<number>;
}

/** The largest payload that Lambda accepts. */
const maxPayloadBytes = 6 * 1024 * 1024;
const maxParallelCalls = 5;

/**
 * "If you're using a batch window and your SQS queue contains very low traffic, Lambda might wait for up to 20 seconds
 * before invoking your function. This is true even if you set a batch window lower than 20 seconds." (Developer guide)
 */
const lowTrafficWaitMs = 20_000;

export function createPollers(options: PollerOptions): readonly Poller[] {
  return options.stack
    .ofType('AWS::Lambda::EventSourceMapping')
    .map((source) => createPoller(source, options));
}

function createPoller(source: Resource, options: PollerOptions): Poller {
  const { stack, sqs, clock, arrivals, countMessages, invoke } = options;
  const { queue, functionId } = resolveSource(source, stack);
  const queueUrl = stack.ref(queue.id);
  const visibilityTimeoutMs = numberOr(queue.properties.VisibilityTimeout, 30) * 1000;
  const batchSize = numberOr(source.properties.BatchSize, 10);
  const batchWindowMs = numberOr(source.properties.MaximumBatchingWindowInSeconds, 0) * 1000;
  const reportsFailures = list(source.properties.FunctionResponseTypes).includes('ReportBatchItemFailures');
  return {
    id: source.id,
    queueUrl,
    functionId,
    batchWindowMs,
    longestWaitMs: batchWindowMs === 0 ? 0 : Math.max(batchWindowMs, lowTrafficWaitMs),
    batchSize,
    poll: async (waitMs = 0) => {
      const askedAt = clock.now();
      const first = countMessages(queueUrl) === 0 ? [] : await receiveBatch(sqs, queueUrl, batchSize);
      if (first.length === 0) {
        arrivals.recordDrained(queueUrl, askedAt);
        return 0;
      }
      const messages = await gatherBatch(first, waitMs, (max) => receiveBatch(sqs, queueUrl, max), batchSize);
      const visibleAt = clock.now() + visibilityTimeoutMs;
      const invoked = await invoke(functionId, toSqsEvent(messages, stack, queue));
      const toDelete = messagesToDelete(messages, invoked, reportsFailures);
      if (toDelete.length < messages.length) arrivals.expectMessage(queueUrl, visibleAt);
      await deleteMessages(sqs, queueUrl, toDelete);
      return messages.length;
    },
  };
}

function resolveSource(
  source: Resource,
  stack: Stack,
): { readonly queue: Resource; readonly functionId: string } {
  const { EventSourceArn: arn, FunctionName: name, FilterCriteria: filter } = source.properties;
  const queue = stack.findByArn(String(arn));
  if (queue?.type !== 'AWS::SQS::Queue')
    throw new Error(`${source.id} reads ${arn}, which is not a queue of the template`);
  if (filter !== undefined)
    throw new Error(`${source.id} has FilterCriteria. Add support for it to local/wiring/sqs-poller.ts.`);
  const lambda = stack
    .ofType('AWS::Lambda::Function')
    .find((one) => one.name === name || stack.attribute(one.id, 'Arn') === name);
  if (!lambda) throw new Error(`${source.id} calls ${name}, which is not a function of the template`);
  return { queue, functionId: lambda.id };
}

/** Receives up to `max` messages. Further calls run in parallel until one of them returns nothing. */
async function receiveBatch(sqs: SQSClient, queueUrl: string, max: number): Promise<readonly Message[]> {
  const messages: Message[] = [...(await receiveMessages(sqs, queueUrl, max))];
  let isDrained = messages.length < 10;
  while (!isDrained && messages.length < max && totalBytes(messages) < maxPayloadBytes * 0.7) {
    const calls = Math.min(maxParallelCalls, Math.ceil((max - messages.length) / 10));
    const wave = Array.from({ length: calls }, (_, at) =>
      receiveMessages(sqs, queueUrl, Math.min(10, max - messages.length - at * 10)),
    );
    const received = await Promise.all(wave);
    messages.push(...received.flat());
    isDrained = received.some((some) => some.length === 0);
  }
  return messages;
}

/** Lambda's batching window starts with the first message. */
async function gatherBatch(
  first: readonly Message[],
  waitMs: number,
  receive: (max: number) => Promise<readonly Message[]>,
  max: number,
): Promise<readonly Message[]> {
  if (waitMs === 0 || first.length >= max) return first;
  await sleep(waitMs);
  return [...first, ...(await receive(max - first.length))];
}

function totalBytes(messages: readonly Message[]): number {
  return messages.reduce((sum, { Body = '' }) => sum + Buffer.byteLength(Body), 0);
}

/** The event that Lambda builds from a batch. */
function toSqsEvent(messages: readonly Message[], stack: Stack, queue: Resource): object {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes,
      messageAttributes: toAttributes(message),
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: stack.attribute(queue.id, 'Arn'),
      awsRegion: stack.names.region,
    })),
  };
}

function toAttributes({ MessageAttributes = {} }: Message): object {
  const entries = Object.entries(MessageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    {
      dataType: DataType,
      ...(StringValue !== undefined && { stringValue: StringValue }),
      ...(BinaryValue && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
    },
  ]);
  return Object.fromEntries(entries);
}

/** The queues that the template uses as dead-letter queues. */
export function deadLetterQueues(stack: Stack): readonly Resource[] {
  const arns = new Set(stack.resources.flatMap(({ properties }) => deadLetterArns(properties)));
  return stack.ofType('AWS::SQS::Queue').filter(({ id }) => arns.has(stack.attribute(id, 'Arn')));
}

function deadLetterArns(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(deadLetterArns);
  return Object.entries(mapping(value)).flatMap(([key, part]) => {
    if (key === 'deadLetterTargetArn') return optionalText(part) ?? [];
    if (key === 'DeadLetterConfig') return Object.values(mapping(part)).map(String);
    if (key === 'OnFailure') return optionalText(mapping(part).Destination) ?? [];
    return deadLetterArns(part);
  });
}
