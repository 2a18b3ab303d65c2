import { setTimeout as sleep } from 'node:timers/promises';
import { list, type Mapping, mapping, numberOr, optionalText } from '../../../json.ts';
import { runBatch } from '../../batch.ts';
import type { ServiceContext } from '../../emulated-service.ts';
import { ServiceError } from '../../response.ts';
import { attributesMd5, pick, systemAttributes } from './attributes.ts';
import {
  addMessage,
  type Message,
  md5,
  type Queue,
  type Received,
  receive,
  type SqsState,
  seconds,
} from './queue.ts';

type Context = ServiceContext<SqsState>;

export function sendMessageBatch(queue: Queue, input: Mapping, context: Context): Mapping {
  const bytes = list(input['Entries']).reduce<number>((sum, entry) => sum + sizeOf(mapping(entry)), 0);
  if (bytes > MAX_BATCH_BYTES)
    throw new ServiceError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  return runBatch(input['Entries'], (entry) => sendMessage(queue, entry, context));
}

const MAX_BATCH_BYTES = 1_048_576;

function sizeOf({ MessageBody, MessageAttributes }: Mapping): number {
  const attributes = Object.entries(mapping(MessageAttributes)).map(([name, value]) => {
    const { DataType, StringValue = '', BinaryValue = '' } = mapping(value);
    return [name, DataType, StringValue, BinaryValue].map((part) => Buffer.byteLength(String(part)));
  });
  return [Buffer.byteLength(String(MessageBody)), ...attributes.flat()].reduce((sum, one) => sum + one, 0);
}

/** XML 1.0 allows no other characters in a message (API reference, SendMessage). */
const forbidden = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

export function sendMessage(queue: Queue, input: Mapping, { caller, now }: Context): Mapping {
  const body = optionalText(input['MessageBody']) ?? '';
  if (body === '')
    throw new ServiceError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (forbidden.test(body))
    throw new ServiceError('InvalidMessageContents', 'Invalid characters were found in MessageBody.');
  const limit = seconds(queue, 'MaximumMessageSize');
  if (sizeOf(input) > limit)
    throw new ServiceError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    );
  checkRange('DelaySeconds', input['DelaySeconds'], 900);
  const attributes = mapping(input['MessageAttributes']);
  const message = addMessage(
    queue,
    { body, attributes, sender: caller.function, delaySeconds: numberIn(input['DelaySeconds']) },
    now(),
  );
  const checksum = attributesMd5(attributes);
  return {
    MessageId: message.id,
    MD5OfMessageBody: md5(body),
    ...(checksum && { MD5OfMessageAttributes: checksum }),
  };
}

export async function receiveMessage(queue: Queue, input: Mapping, context: Context): Promise<Mapping> {
  const { MaxNumberOfMessages: max, VisibilityTimeout: timeout, WaitTimeSeconds: wait } = input;
  checkRange('MaxNumberOfMessages', max, 10, 1);
  checkRange('VisibilityTimeout', timeout, 43_200);
  checkRange('WaitTimeSeconds', wait, 20);
  const once = (): readonly Received[] =>
    receive(queue, context.state, {
      max: numberOr(max, 1),
      visibilitySeconds: numberOr(timeout, seconds(queue, 'VisibilityTimeout')),
      now: context.now(),
    });
  const received = await waitFor(
    once,
    numberOr(wait, seconds(queue, 'ReceiveMessageWaitTimeSeconds')) * 1000,
  );
  return received.length === 0 ? {} : { Messages: received.map((one) => toOutput(one, input)) };
}

/** A long poll ends with the first message. It waits in real time, because the clock does not go on by itself. */
async function waitFor(once: () => readonly Received[], ms: number): Promise<readonly Received[]> {
  const end = performance.now() + ms;
  for (;;) {
    const received = once();
    if (received.length > 0 || performance.now() >= end) return received;
    await sleep(Math.min(20, Math.max(1, end - performance.now())));
  }
}

function toOutput({ message, handle }: Received, input: Mapping): Mapping {
  const systemNames = [...list(input['AttributeNames']), ...list(input['MessageSystemAttributeNames'])];
  const system = pick(systemAttributes(message), systemNames);
  const attributes = pick(message.attributes, list(input['MessageAttributeNames']));
  const checksum = attributesMd5(attributes);
  return {
    MessageId: message.id,
    ReceiptHandle: handle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(Object.keys(system).length > 0 && { Attributes: system }),
    ...(checksum && { MessageAttributes: attributes, MD5OfMessageAttributes: checksum }),
  };
}

export function deleteMessage(queue: Queue, input: Mapping): Mapping {
  const handle = String(input['ReceiptHandle']);
  if (queue.deletedHandles.has(handle)) return {};
  const message = messageOf(queue, handle);
  queue.messages.splice(queue.messages.indexOf(message), 1);
  for (const one of message.handles) queue.deletedHandles.add(one);
  return {};
}

export function changeVisibility(queue: Queue, input: Mapping, { now }: Context): Mapping {
  checkRange('VisibilityTimeout', input['VisibilityTimeout'], 43_200);
  const handle = String(input['ReceiptHandle']);
  if (queue.deletedHandles.has(handle))
    throw new ServiceError(
      'InvalidParameterValue',
      `Value ${handle} for parameter ReceiptHandle is invalid.`,
    );
  const message = messageOf(queue, handle);
  if (message.visibleAt <= now())
    throw new ServiceError('MessageNotInflight', 'The message referred to is not in flight.');
  message.visibleAt = now() + numberOr(input['VisibilityTimeout'], 0) * 1000;
  return {};
}

function messageOf(queue: Queue, handle: string): Message {
  const found = queue.messages.find(({ handles }) => handles.has(handle));
  if (found) return found;
  throw new ServiceError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not valid.`);
}

function checkRange(name: string, value: unknown, max: number, min = 0): void {
  const number = numberIn(value);
  if (number === undefined || (Number.isInteger(number) && number >= min && number <= max)) return;
  throw new ServiceError(
    'InvalidParameterValue',
    `Value ${value} for parameter ${name} is invalid. Reason: Must be between ${min} and ${max}, if provided.`,
  );
}

function numberIn(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}
