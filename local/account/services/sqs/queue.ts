import { createHash, randomUUID } from 'node:crypto';
import type { Mapping } from '../../../json.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Mapping;
  readonly sender: string;
  /** Times in milliseconds since 1970. */
  readonly sentAt: number;
  delayedUntil: number;
  visibleAt: number;
  firstReceivedAt?: number;
  received: number;
  /** Every handle that a receive returned. AWS accepts older ones too. */
  readonly handles: Set<string>;
}

export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly attributes: Map<string, string>;
  readonly createdAt: number;
  messages: Message[];
  /** Handles of deleted messages: deleting once more succeeds. */
  readonly deletedHandles: Set<string>;
}

export interface SqsState {
  /** By name. */
  readonly queues: Map<string, Queue>;
}

/** What a new queue has (API reference, CreateQueue). */
export const defaultAttributes: Readonly<Record<string, string>> = {
  DelaySeconds: '0',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  VisibilityTimeout: '30',
};

export function seconds(queue: Queue, attribute: string): number {
  return Number(queue.attributes.get(attribute) ?? defaultAttributes[attribute] ?? 0);
}

export interface NewMessage {
  readonly body: string;
  readonly attributes: Mapping;
  readonly sender: string;
  readonly delaySeconds: number | undefined;
}

export function addMessage(queue: Queue, added: NewMessage, now: number): Message {
  const { body, attributes, sender, delaySeconds = seconds(queue, 'DelaySeconds') } = added;
  const visibleAt = now + delaySeconds * 1000;
  const message: Message = {
    id: randomUUID(),
    body,
    attributes,
    sender,
    sentAt: now,
    delayedUntil: visibleAt,
    visibleAt,
    received: 0,
    handles: new Set(),
  };
  queue.messages.push(message);
  return message;
}

/** Messages that are older than the retention period are gone. */
export function deleteExpired(queue: Queue, now: number): void {
  const oldest = now - seconds(queue, 'MessageRetentionPeriod') * 1000;
  queue.messages = queue.messages.filter(({ sentAt }) => sentAt > oldest);
}

export interface Received {
  readonly message: Message;
  readonly handle: string;
}

/** Returns up to `max` visible messages. Those that were received too often move to the dead-letter queue. */
export function receive(
  queue: Queue,
  { queues }: SqsState,
  request: { readonly max: number; readonly visibilitySeconds: number; readonly now: number },
): readonly Received[] {
  const { max, visibilitySeconds, now } = request;
  deleteExpired(queue, now);
  const redrive = redriveOf(queue, queues);
  const received: Received[] = [];
  for (const message of queue.messages.filter(({ visibleAt }) => visibleAt <= now)) {
    if (received.length === max) break;
    if (redrive && message.received >= redrive.maxReceives) {
      moveMessage(message, queue, redrive.target);
      continue;
    }
    const handle = randomUUID();
    message.handles.add(handle);
    message.received += 1;
    message.firstReceivedAt ??= now;
    message.visibleAt = now + visibilitySeconds * 1000;
    received.push({ message, handle });
  }
  return received;
}

interface Redrive {
  readonly target: Queue;
  readonly maxReceives: number;
}

function redriveOf(queue: Queue, queues: SqsState['queues']): Redrive | undefined {
  const policy = queue.attributes.get('RedrivePolicy');
  if (policy === undefined) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(policy);
  const target = [...queues.values()].find(({ arn }) => arn === deadLetterTargetArn);
  return target && { target, maxReceives: Number(maxReceiveCount) };
}

/** A message in a dead-letter queue keeps its id and the time when it was sent (developer guide). */
function moveMessage(message: Message, from: Queue, to: Queue): void {
  from.messages.splice(from.messages.indexOf(message), 1);
  to.messages.push({ ...message, visibleAt: 0, delayedUntil: 0, handles: new Set() });
}

/** Visible, delayed and received messages. `state` is the state of this service. */
export function countMessages(state: unknown, queueUrl: string, now: number): number {
  if (!isSqsState(state)) throw new Error('This is not the state of SQS.');
  const queue = state.queues.get(queueUrl.slice(queueUrl.lastIndexOf('/') + 1));
  if (!queue) return 0;
  deleteExpired(queue, now);
  return queue.messages.length;
}

function isSqsState(state: unknown): state is SqsState {
  return typeof state === 'object' && state !== null && 'queues' in state;
}

export const md5 = (content: string | Buffer): string => createHash('md5').update(content).digest('hex');
