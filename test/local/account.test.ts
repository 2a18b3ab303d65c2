import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeLoadBalancersCommand as DescribeClassic,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { DescribeEventTypesCommand, HealthClient } from '@aws-sdk/client-health';
import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Account,
  accessKeyFor,
  type Caller,
  type Members,
  type Seen,
  startAccount,
} from '../../local/account/account.ts';
import { python } from '../../local/python.ts';
import { expectBetween } from '../support/time.ts';
import { errorOf, type Fixture, openAccount } from './account-fixture.ts';

let fixture: Fixture;
let account: Account;

beforeAll(async () => {
  fixture = await openAccount();
  account = fixture.account;
});
beforeEach(() => account.reset());
afterAll(() => account?.close());

const names = (): string[] =>
  account.calls.map((call) => `${call.function} ${call.service}:${call.action} ${call.status}`);

describe('the record', () => {
  test('names function, IAM prefix, action and status of every call, in order', async () => {
    await fixture.client(DynamoDBClient, 'CordonInstances').send(table('cordons'));
    await fixture.client(EC2Client, 'CordonInstances', 7).send(new DescribeInstancesCommand({}));
    await fixture
      .client(AutoScalingClient, 'UncordonInstances')
      .send(new DescribeAutoScalingGroupsCommand({}));
    await fixture.client(CloudWatchClient).send(new DescribeAlarmsCommand({}));
    await fixture.client(ElasticLoadBalancingClient, 'A').send(new DescribeClassic({}));
    await fixture.client(ElasticLoadBalancingV2Client, 'A').send(new DescribeLoadBalancersCommand({}));
    await errorOf(
      fixture.client(EC2Client, 'A').send(new DescribeInstancesCommand({ InstanceIds: ['i-00000000'] })),
    );

    expect(names()).toEqual([
      'CordonInstances dynamodb:CreateTable 200',
      'CordonInstances ec2:DescribeInstances 200',
      'UncordonInstances autoscaling:DescribeAutoScalingGroups 200',
      'local cloudwatch:DescribeAlarms 200',
      'A elasticloadbalancing:DescribeLoadBalancers 200',
      'A elasticloadbalancing:DescribeLoadBalancers 200',
      'A ec2:DescribeInstances 400',
    ]);
  });

  test('says which IAM actions a call needs', async () => {
    await fixture.client(CloudWatchClient, 'A').send(
      new PutMetricAlarmCommand({
        AlarmName: 'a',
        Namespace: 'n',
        MetricName: 'm',
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        Tags: [{ Key: 'k', Value: 'v' }],
      }),
    );
    expect(account.calls.at(-1)?.iam).toEqual(['cloudwatch:PutMetricAlarm', 'cloudwatch:TagResource']);
  });

  test('says it when nobody answers: an operation that moto lacks is an error with a name', async () => {
    const error = await errorOf(fixture.client(HealthClient, 'A').send(new DescribeEventTypesCommand({})));
    expect(error).toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('health:DescribeEventTypes'),
    });
    expect(names()).toEqual(['A health:DescribeEventTypes 501']);
  });

  test('tells listeners of calls that succeeded, with input and answer decoded', async () => {
    const sns = fixture.client(SNSClient, 'A', 2);
    const seen: Seen[] = [];
    const stop = ['Publish', 'PublishBatch'].map((action) =>
      account.onCall('sns', action, (one) => void seen.push(one)),
    );
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'people' }));
    const { MessageId } = await sns.send(
      new PublishCommand({ TopicArn, Subject: 'Fish & <chips>', Message: 'a\nü' }),
    );
    await sns.send(
      new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: [{ Id: '1', Message: 'm' }] }),
    );
    await errorOf(sns.send(new PublishCommand({ TopicArn: `${TopicArn}x`, Message: 'nobody' })));
    for (const one of stop) one();
    await sns.send(new PublishCommand({ TopicArn, Message: 'unheard' }));

    expect(seen).toMatchObject([
      {
        caller: { function: 'A', process: 2 },
        input: { TopicArn, Subject: 'Fish & <chips>', Message: 'a\nü' },
        output: { MessageId },
      },
      {
        input: { PublishBatchRequestEntries: [{ Id: '1', Message: 'm' }] },
        output: { Successful: [{ Id: '1' }] },
      },
    ]);
  });
});

describe('a fault', () => {
  const puts = (functionId = 'A', process = 0, config: object = {}): ((key: string) => Promise<unknown>) => {
    const dynamo = fixture.client(DynamoDBClient, functionId, process, config);
    return (key) => dynamo.send(new PutItemCommand({ TableName: 'tab', Item: { k: { S: key } } }));
  };
  const keys = async (): Promise<unknown[]> => {
    const { Items = [] } = await fixture.client(DynamoDBClient).send(new ScanCommand({ TableName: 'tab' }));
    return Items.map((item) => item['k']?.S).toSorted();
  };
  beforeEach(async () => {
    await fixture.client(DynamoDBClient).send(table('tab'));
  });

  test.each([
    ['ec2', EC2Client, new DescribeInstancesCommand({}), 'RequestLimitExceeded', 503],
    ['autoscaling', AutoScalingClient, new DescribeAutoScalingGroupsCommand({}), 'Throttling', 400],
    ['dynamodb', DynamoDBClient, new ScanCommand({ TableName: 'tab' }), 'ThrottlingException', 400],
    ['sqs', SQSClient, new CreateQueueCommand({ QueueName: 'q' }), 'RequestThrottled', 400],
    ['sns', SNSClient, new CreateTopicCommand({ Name: 't' }), 'Throttling', 400],
    ['cloudwatch', CloudWatchClient, new DescribeAlarmsCommand({}), 'ThrottlingException', 400],
    ['events', EventBridgeClient, new PutEventsCommand({ Entries: [] }), 'ThrottlingException', 400],
  ])('throttles %s so that the SDK knows it and retries', async (_, ctor, command, name, status) => {
    account.injectFault({ function: 'A', call: 1, kind: 'throttled' });
    const client = fixture.client<{ send(command: unknown): Promise<unknown> }>(ctor as never, 'A', 0, {
      maxAttempts: 2,
    });
    const error = await errorOf(client.send(command));
    expect(error).toMatchObject({
      name,
      $metadata: { httpStatusCode: status, attempts: 2 },
    });
    expect(account.calls.filter((call) => call.function === 'A').map((call) => call.status)).toEqual([
      status,
      status,
    ]);
  });

  test('fails the chosen call and later ones of its action, until the next invocation', async () => {
    account.injectFault({ function: 'A', call: 2, kind: 'failing' });
    const put = puts();
    await put('one');
    expect(await errorOf(put('two'))).toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500 },
    });
    expect(await errorOf(put('three'))).toMatchObject({ $metadata: { httpStatusCode: 500 } });
    await fixture.client(DynamoDBClient, 'A').send(new ScanCommand({ TableName: 'tab' }));
    await puts('A', 1)('other process');
    await puts('B')('other function');
    account.beginInvocation(accessKeyFor('A', 0));
    await put('four');
    expect(await keys()).toEqual(['four', 'one', 'other function', 'other process']);
  });

  test('goes away when it is cleared', async () => {
    account.injectFault({ function: 'A', call: 1, kind: 'throttled' });
    account.clearFaults();
    await puts()('one');
    expect(await keys()).toEqual(['one']);
  });

  test('counts from 1', () => {
    expect(() => account.injectFault({ function: 'A', call: 0, kind: 'lost' })).toThrow(/counted from 1/);
  });

  test('loses the answer of a call that is applied, once', async () => {
    account.injectFault({ function: 'A', call: 1, kind: 'lost' });
    expect(await errorOf(puts()('one'))).toMatchObject({ code: 'ECONNRESET' });
    expect(await keys()).toEqual(['one']);
    await puts()('two');
    expect(await keys()).toEqual(['one', 'two']);
  });

  test('lost, is retried by the SDK without a word', async () => {
    account.injectFault({ function: 'A', call: 1, kind: 'lost' });
    await puts('A', 0, { maxAttempts: 2 })('one');
    expect(account.calls.filter((call) => call.function === 'A')).toHaveLength(2);
  });

  test('kills the process after the call is applied', async () => {
    const killed: unknown[] = [];
    account.setHooks({ onKill: async (caller) => void killed.push({ caller, keys: await keys() }) });
    account.injectFault({ function: 'A', call: 1, kind: 'killed' });
    expect(await errorOf(puts('A', 4)('one'))).toMatchObject({ code: 'ECONNRESET' });
    expect(killed).toEqual([{ caller: { function: 'A', process: 4 }, keys: ['one'] }]);
  });

  test('lets a duplicate overtake, which no fault touches', async () => {
    const overtaken: Caller[] = [];
    account.setHooks({
      onOvertake: async (caller) => {
        overtaken.push(caller);
        await puts('A', 1)('first');
        expect(await keys()).toEqual(['first']);
      },
    });
    account.injectFault({ function: 'A', call: 1, kind: 'overtaken' });
    account.injectFault({ function: 'A', call: 2, kind: 'lost' });
    const put = puts('A', 0);
    await put('second');
    expect(overtaken).toEqual([{ function: 'A', process: 0 }]);
    expect(await errorOf(put('third'))).toMatchObject({ code: 'ECONNRESET' });
    expect(await keys()).toEqual(['first', 'second', 'third']);
  });
});

describe('the clock', () => {
  test('ends visibility time-outs and delays when it is turned', async () => {
    fixture.holdClock();
    const sqs = fixture.client(SQSClient);
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: 'q', Attributes: { VisibilityTimeout: '300' } }),
    );
    const receive = async (): Promise<string[]> => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages.map((one) => `${one.Body} ${one.Attributes?.ApproximateReceiveCount}`).toSorted();
    };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'now' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 900 }));
    expect(await receive()).toEqual(['now 1']);
    fixture.clock.turn(290_000);
    expect(await receive()).toEqual([]);
    fixture.clock.turn(20_000);
    expect(await receive()).toEqual(['now 2']);
    fixture.clock.turn(600_000);
    expect(await receive()).toEqual(['later 1', 'now 3']);
  });

  test('dates what moto makes', async () => {
    const before = fixture.clock.now();
    const { TableDescription } = await fixture.client(DynamoDBClient).send(table('dated'));
    expectBetween(before, TableDescription?.CreationDateTime?.getTime() ?? 0, fixture.clock.now());
  });
});

describe('PutEvents', () => {
  const entry: PutEventsRequestEntry = { Source: 'groundcrew', DetailType: 'Cordoned', Detail: '{"a":1}' };
  const events: Members[] = [];
  const put = (...entries: PutEventsRequestEntry[]) =>
    fixture.client(EventBridgeClient, 'A').send(new PutEventsCommand({ Entries: entries }));
  beforeEach(() => {
    events.length = 0;
    account.setHooks({ onPublish: (event) => void events.push(event) });
  });

  test('hands on the envelope that rules see', async () => {
    const before = fixture.clock.now();
    const { Entries = [], FailedEntryCount } = await put(entry, {
      ...entry,
      Time: new Date('2026-01-02T03:04:05Z'),
      Resources: ['r'],
    });
    expect(FailedEntryCount).toBe(0);
    expect(events).toEqual([
      {
        version: '0',
        id: Entries[0]?.EventId,
        'detail-type': 'Cordoned',
        source: 'groundcrew',
        account: '123456789012',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: 'eu-west-1',
        resources: [],
        detail: { a: 1 },
      },
      expect.objectContaining({ time: '2026-01-02T03:04:05Z', resources: ['r'] }),
    ]);
    expectBetween(before, Date.parse(String(events[0]?.['time'])), fixture.clock.now());
  });

  test.each<[string, PutEventsRequestEntry, string]>([
    ['no source', { ...entry, Source: undefined }, 'InvalidArgument'],
    ['no detail type', { ...entry, DetailType: '' }, 'InvalidArgument'],
    ['no detail', { ...entry, Detail: undefined }, 'InvalidArgument'],
    ['detail that is no JSON', { ...entry, Detail: '{' }, 'MalformedDetail'],
    ['detail that is no object', { ...entry, Detail: '[1]' }, 'MalformedDetail'],
    ["a source of AWS's own", { ...entry, Source: 'aws.ec2' }, 'NotAuthorizedForSourceException'],
    ['a bus that does not exist', { ...entry, EventBusName: 'other' }, 'InvalidArgument'],
  ])('fails an entry with %s, and that one alone', async (_, faulty, code) => {
    const answer = await put(faulty, entry);
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries).toMatchObject([{ ErrorCode: code }, { EventId: expect.any(String) }]);
    expect(events).toHaveLength(1);
  });

  test.each([
    ['no entry', []],
    ['eleven entries', Array.from({ length: 11 }, () => entry)],
    [
      'a megabyte',
      Array.from({ length: 2 }, () => ({ ...entry, Detail: JSON.stringify({ a: 'x'.repeat(524_288) }) })),
    ],
  ])('refuses a request of %s', async (_, entries) => {
    expect(await errorOf(put(...entries))).toMatchObject({ name: 'ValidationException' });
    expect(events).toEqual([]);
  });

  test('says what is missing when nobody takes events', async () => {
    account.setHooks({ onPublish: undefined as never });
    expect(await errorOf(put(entry))).toMatchObject({ message: expect.stringContaining('onPublish') });
  });
});

describe('the account', () => {
  test('is empty after a reset', async () => {
    await fixture.client(DynamoDBClient).send(table('gone'));
    account.injectFault({ function: 'A', call: 1, kind: 'throttled' });
    await account.reset();
    expect(account.calls).toEqual([]);
    await fixture.client(EC2Client, 'A').send(new DescribeInstancesCommand({}));
    expect(
      await errorOf(fixture.client(DynamoDBClient).send(new ScanCommand({ TableName: 'gone' }))),
    ).toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('applies conditions one call at a time', async () => {
    await fixture.client(DynamoDBClient).send(table('tab'));
    const dynamo = fixture.client(DynamoDBClient);
    const attempts = Array.from({ length: 20 }, () =>
      dynamo.send(
        new PutItemCommand({
          TableName: 'tab',
          Item: { k: { S: 'k' } },
          ConditionExpression: 'attribute_not_exists(k)',
        }),
      ),
    );
    const results = await Promise.allSettled(attempts);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('leaves no port open when it is closed, twice', async () => {
    const { account: other } = await openAccount();
    await other.close();
    await other.close();
    const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
    expect(await once(socket, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  test('says why moto did not start', async () => {
    const starting = startAccount({ python: process.execPath, clock: fixture.clock });
    expect(await errorOf(starting)).toMatchObject({
      message: expect.stringMatching(
        /^moto left with code 1 before it was ready\.\n[\s\S]*Unknown file extension/,
      ),
    });
    const missing = startAccount({ python: '/nowhere/python', clock: fixture.clock });
    expect(await errorOf(missing)).toMatchObject({ message: 'moto cannot be started with /nowhere/python.' });
  });

  test('moto leaves when its parent does', async () => {
    const moto = join(import.meta.dirname, '../../local/moto.py');
    const child = spawn(await python(() => {}), [moto, '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    expect(JSON.parse(line)).toEqual({ port: expect.any(Number) });
    child.stdin.destroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

function table(name: string): CreateTableCommand {
  return new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
  });
}
