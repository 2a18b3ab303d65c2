import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.ts';
import { list, mapping, numberOr, optionalText } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { succeeded } from './batch-result.ts';
import type { Arrivals } from './queue-arrivals.ts';
import { deleteAll, receiveSome } from './sqs-client.ts';

export interface PumpOptions {
  readonly stack: Stack;
  readonly sqs: SQSClient;
  readonly clock: Clock;
  readonly arrivals: Arrivals;
  readonly invoke: (functionId: string, payload: unknown) => Promise<Invoked>;
}

/** What carries a queue's messages to a function. */
export interface Pump {
  readonly id: string;
  readonly queueUrl: string;
  readonly functionId: string;
  /** How long a batch may gather, in milliseconds. */
  readonly window: number;
  /** Delivers one batch, after gathering for so many milliseconds; how many messages it had. */
  pump(gatherFor?: number): Promise<number>;
}

/** A payload of Lambda's. */
const payloadLimit = 6 * 1024 * 1024;
const callsAtOnce = 5;

export function createPumps(options: PumpOptions): readonly Pump[] {
  return options.stack.ofType('AWS::Lambda::EventSourceMapping').map((source) => createPump(source, options));
}

function createPump(source: Resource, { stack, sqs, clock, arrivals, invoke }: PumpOptions): Pump {
  const { queue, functionId } = connected(source, stack);
  const queueUrl = stack.ref(queue.id);
  const hiddenFor = numberOr(queue.properties.VisibilityTimeout, 30) * 1000;
  const batchSize = numberOr(source.properties.BatchSize, 10);
  const reportsFailures = list(source.properties.FunctionResponseTypes).includes('ReportBatchItemFailures');
  return {
    id: source.id,
    queueUrl,
    functionId,
    window: numberOr(source.properties.MaximumBatchingWindowInSeconds, 0) * 1000,
    pump: async (gatherFor = 0) => {
      const asked = clock.now();
      const first = await receiveBatch(sqs, queueUrl, batchSize);
      if (first.length === 0) {
        arrivals.nothing(queueUrl, asked);
        return 0;
      }
      const messages = await gather(first, gatherFor, (most) => receiveBatch(sqs, queueUrl, most), batchSize);
      const visible = clock.now() + hiddenFor;
      const invoked = await invoke(functionId, toEvent(messages, stack, queue));
      const done = succeeded(messages, invoked, reportsFailures);
      if (done.length < messages.length) arrivals.expect(queueUrl, visible);
      await deleteAll(sqs, queueUrl, done);
      return messages.length;
    },
  };
}

function connected(
  source: Resource,
  stack: Stack,
): { readonly queue: Resource; readonly functionId: string } {
  const { EventSourceArn: arn, FunctionName: name, FilterCriteria: filter } = source.properties;
  const queue = stack.findByArn(String(arn));
  if (queue?.type !== 'AWS::SQS::Queue')
    throw new Error(`${source.id} reads ${arn}: only the template's queues work here`);
  if (filter !== undefined)
    throw new Error(`${source.id} has FilterCriteria, which local/wiring does not know`);
  const lambda = stack
    .ofType('AWS::Lambda::Function')
    .find((one) => one.name === name || stack.attribute(one.id, 'Arn') === name);
  if (!lambda) throw new Error(`${source.id} calls ${name}, which is no function of the template`);
  return { queue, functionId: lambda.id };
}

/** As many as there are, up to a batch: receives go on together until one comes back short. */
async function receiveBatch(sqs: SQSClient, queueUrl: string, most: number): Promise<readonly Message[]> {
  const messages: Message[] = [...(await receiveSome(sqs, queueUrl, most))];
  let short = messages.length < 10;
  while (!short && messages.length < most && sizeOf(messages) < payloadLimit * 0.7) {
    const calls = Math.min(callsAtOnce, Math.ceil((most - messages.length) / 10));
    const wave = Array.from({ length: calls }, (_, at) =>
      receiveSome(sqs, queueUrl, Math.min(10, most - messages.length - at * 10)),
    );
    const received = await Promise.all(wave);
    messages.push(...received.flat());
    short = received.some((some) => some.length === 0);
  }
  return messages;
}

/** Lambda's window begins with the first message. */
async function gather(
  first: readonly Message[],
  wait: number,
  receive: (most: number) => Promise<readonly Message[]>,
  most: number,
): Promise<readonly Message[]> {
  if (wait === 0 || first.length >= most) return first;
  await sleep(wait);
  return [...first, ...(await receive(most - first.length))];
}

function sizeOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { Body = '' }) => sum + Buffer.byteLength(Body), 0);
}

/** The event that Lambda makes of a batch. */
function toEvent(messages: readonly Message[], stack: Stack, queue: Resource): object {
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

/** The queues that the template names as somebody's dead-letter queue. */
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
