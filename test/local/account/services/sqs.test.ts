import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';

let fixture: Fixture;
let sqs: SQSClient;

beforeAll(async () => {
  fixture = await openAccount();
  sqs = fixture.client(SQSClient, 'A');
});
beforeEach(() => fixture.account.reset());
afterAll(() => fixture?.account.close());

async function create(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

async function receive(QueueUrl: string, more: object = {}): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      ...more,
    }),
  );
  return Messages;
}

const bodies = async (url: string, more: object = {}): Promise<unknown[]> =>
  (await receive(url, more)).map(({ Body }) => Body);

async function attributesOf(QueueUrl: string): Promise<Partial<Record<string, string>>> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  return Attributes;
}

describe('a queue', () => {
  it('is found by its name, listed by a prefix, and gone when it is deleted', async () => {
    const url = await create('work');
    await create('other');
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }))).QueueUrl).toBe(url);
    expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'wo' }))).QueueUrls).toEqual([url]);
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    expect(await errorOf(send(url, 'late'))).toMatchObject({ name: 'QueueDoesNotExist' });
  });

  it('can be created again with the same attributes, but not with others', async () => {
    const url = await create('work', { DelaySeconds: '5' });
    expect(await create('work', { DelaySeconds: '5' })).toBe(url);
    expect(await errorOf(create('work', { DelaySeconds: '6' }))).toMatchObject({ name: 'QueueNameExists' });
  });

  it.each([
    ['DelaySeconds', '901'],
    ['MessageRetentionPeriod', '59'],
    ['VisibilityTimeout', '43201'],
    ['VisibilityTimeout', 'long'],
  ])('refuses the attribute %s with the value %s', async (name, value) => {
    expect(await errorOf(create('work', { [name]: value }))).toMatchObject({ name: 'InvalidAttributeValue' });
  });

  it('refuses a name with other characters, and FIFO', async () => {
    expect(await errorOf(create('a b'))).toMatchObject({ name: 'InvalidParameterValue' });
    expect(await errorOf(create('work', { FifoQueue: 'true' }))).toMatchObject({
      name: 'UnsupportedOperation',
    });
  });

  it('counts visible, delayed and received messages', async () => {
    const url = await create('work', { VisibilityTimeout: '60' });
    for (const body of ['one', 'two', 'three']) await send(url, body);
    await send(url, 'later', { DelaySeconds: 60 });
    await receive(url, { MaxNumberOfMessages: 1 });
    expect(await attributesOf(url)).toMatchObject({
      QueueArn: 'arn:aws:sqs:eu-west-1:123456789012:work',
      VisibilityTimeout: '60',
      ApproximateNumberOfMessages: '2',
      ApproximateNumberOfMessagesDelayed: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
    });
    await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    expect((await attributesOf(url)).ApproximateNumberOfMessages).toBe('0');
  });

  it('has the attributes that were set later', async () => {
    const url = await create('work');
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { DelaySeconds: '10' } }));
    await send(url, 'later');
    expect(await bodies(url)).toEqual([]);
    fixture.clock.skip(10_000);
    expect(await bodies(url)).toEqual(['later']);
  });
});

describe('a message', () => {
  it('has its attributes, and those of SQS', async () => {
    const url = await create('work');
    const kind = { DataType: 'String', StringValue: 'café' };
    const sent = await send(url, 'one', { MessageAttributes: { kind } });
    const [message] = await receive(url);
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'one',
      MD5OfBody: sent.MD5OfMessageBody,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      MessageAttributes: { kind },
      Attributes: { ApproximateReceiveCount: '1', SenderId: 'A' },
    });
  });

  it('has the checksum of attributes that AWS documents', async () => {
    const { MD5OfMessageAttributes } = await send(await create('work'), 'Information about a book', {
      MessageAttributes: { timestamp: { DataType: 'Number', StringValue: '1493147359900' } },
    });
    // An example in public test suites of clients that check it.
    expect(MD5OfMessageAttributes).toBe('235c5c510d26fb653d073faed50ae77c');
  });

  it('can be received again when its visibility timeout ends, and is deleted by any handle', async () => {
    const url = await create('work', { VisibilityTimeout: '30' });
    await send(url, 'one');
    const [first] = await receive(url);
    expect(await bodies(url)).toEqual([]);
    fixture.clock.skip(31_000);
    expect((await receive(url))[0]?.Attributes?.ApproximateReceiveCount).toBe('2');
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    fixture.clock.skip(31_000);
    expect(await bodies(url)).toEqual([]);
  });

  it('becomes visible at once when its timeout is set to zero, and is then not in flight', async () => {
    const url = await create('work');
    await send(url, 'one');
    const [{ ReceiptHandle } = {}] = await receive(url);
    const change = (VisibilityTimeout: number) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout }));
    await change(0);
    expect(await errorOf(change(10))).toMatchObject({ name: 'MessageNotInflight' });
    expect(await bodies(url)).toEqual(['one']);
    expect(await errorOf(change(43_201))).toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('is deleted after its retention period, also if others follow it', async () => {
    const url = await create('work', { MessageRetentionPeriod: '180', VisibilityTimeout: '30' });
    await send(url, 'old');
    fixture.clock.skip(100_000);
    await send(url, 'young');
    fixture.clock.skip(81_000);
    expect(await bodies(url)).toEqual(['young']);
  });

  it('moves to the dead-letter queue after the last receive, with its id', async () => {
    const dead = await create('dead');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: (await attributesOf(dead)).QueueArn,
      maxReceiveCount: 2,
    });
    const url = await create('work', { RedrivePolicy, VisibilityTimeout: '30' });
    const { MessageId } = await send(url, 'poison');
    for (let count = 0; count < 2; count += 1) {
      expect(await bodies(url)).toEqual(['poison']);
      fixture.clock.skip(31_000);
    }
    expect(await bodies(url)).toEqual([]);
    expect(await receive(dead)).toMatchObject([{ MessageId, Body: 'poison' }]);
  });

  it('ends a long poll that waits for it', async () => {
    const url = await create('work');
    const waiting = bodies(url, { WaitTimeSeconds: 20 });
    await send(url, 'one');
    expect(await waiting).toEqual(['one']);
  });

  it.each([
    ['without a body', '', {}, 'MissingParameter'],
    ['with a control character', 'a\u0007', {}, 'InvalidMessageContents'],
    ['with a long delay', 'one', { DelaySeconds: 901 }, 'InvalidParameterValue'],
    ['that is too long', 'a'.repeat(2000), {}, 'InvalidParameterValue'],
  ])('%s is refused', async (_, body, more, name) => {
    const url = await create('work', { MaximumMessageSize: '1024' });
    expect(await errorOf(send(url, body, more))).toMatchObject({ name });
  });
});

describe('a batch', () => {
  it('reports which of its entries failed', async () => {
    const url = await create('work', { MaximumMessageSize: '1024' });
    const sent = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'good', MessageBody: 'one' },
          { Id: 'long', MessageBody: 'a'.repeat(2000) },
        ],
      }),
    );
    expect(sent).toMatchObject({
      Successful: [{ Id: 'good' }],
      Failed: [{ Id: 'long', Code: 'InvalidParameterValue', SenderFault: true }],
    });
    const [message] = await receive(url);
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'a', ReceiptHandle: message?.ReceiptHandle },
          { Id: 'b', ReceiptHandle: 'unknown' },
        ],
      }),
    );
    expect(deleted).toMatchObject({
      Successful: [{ Id: 'a' }],
      Failed: [{ Id: 'b', Code: 'ReceiptHandleIsInvalid' }],
    });
  });

  it.each([
    ['EmptyBatchRequest', []],
    ['TooManyEntriesInBatchRequest', Array.from({ length: 11 }, (_, at) => `m${at}`)],
    ['BatchEntryIdsNotDistinct', ['same', 'same']],
    ['InvalidBatchEntryId', ['a b']],
  ])('is refused whole with %s', async (name, ids) => {
    const QueueUrl = await create('work');
    const Entries = ids.map((Id) => ({ Id, MessageBody: 'one' }));
    expect(await errorOf(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })))).toMatchObject({
      name,
    });
  });
});
