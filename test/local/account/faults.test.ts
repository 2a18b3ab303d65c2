import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Account, accessKeyFor, type Caller } from '../../../local/account/account.ts';
import { errorOf, type Fixture, openAccount } from './fixture.ts';

let fixture: Fixture;
let account: Account;

beforeAll(async () => {
  fixture = await openAccount();
  account = fixture.account;
});
beforeEach(() => account.reset());
afterAll(() => account?.close());

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

  test('can be for certain calls only', async () => {
    const matches = ({ action }: { readonly action: string }): boolean => action === 'PutItem';
    account.injectFault({ function: 'A', call: 1, kind: 'failed', matches });
    const scan = new ScanCommand({ TableName: 'tab' });

    expect(await fixture.client(DynamoDBClient, 'A').send(scan)).toMatchObject({ Count: 0 });
    expect(await errorOf(puts()('x'))).toMatchObject({ name: 'InternalFailure' });
  });

  test.each([
    ['ec2', EC2Client, new DescribeInstancesCommand({}), 'RequestLimitExceeded', 503],
    ['autoscaling', AutoScalingClient, new DescribeAutoScalingGroupsCommand({}), 'Throttling', 400],
    ['dynamodb', DynamoDBClient, new ScanCommand({ TableName: 'tab' }), 'ThrottlingException', 400],
    ['sqs', SQSClient, new CreateQueueCommand({ QueueName: 'q' }), 'RequestThrottled', 400],
    ['sns', SNSClient, new CreateTopicCommand({ Name: 't' }), 'Throttling', 400],
    ['cloudwatch', CloudWatchClient, new DescribeAlarmsCommand({}), 'ThrottlingException', 400],
    ['events', EventBridgeClient, new PutEventsCommand({ Entries: [] }), 'ThrottlingException', 400],
  ])('throttles %s so that the SDK recognizes it and retries', async (_, ctor, command, name, status) => {
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

  test('fails the chosen call and later calls of its action, until the next invocation', async () => {
    account.injectFault({ function: 'A', call: 2, kind: 'failed' });
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

  test('ends when it is cleared', async () => {
    account.injectFault({ function: 'A', call: 1, kind: 'throttled' });
    account.clearFaults();
    await puts()('one');
    expect(await keys()).toEqual(['one']);
  });

  test('counts calls from 1', () => {
    expect(() => account.injectFault({ function: 'A', call: 0, kind: 'lost' })).toThrow(/counted from 1/);
  });

  test('applies a call and loses its response, once', async () => {
    account.injectFault({ function: 'A', call: 1, kind: 'lost' });
    expect(await errorOf(puts()('one'))).toMatchObject({ code: 'ECONNRESET' });
    expect(await keys()).toEqual(['one']);
    await puts()('two');
    expect(await keys()).toEqual(['one', 'two']);
  });

  test('lets the SDK retry a lost response silently', async () => {
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

  test('runs a duplicate first, without further faults for it', async () => {
    const duplicates: Caller[] = [];
    account.setHooks({
      onDuplicate: async (caller) => {
        duplicates.push(caller);
        await puts('A', 1)('first');
        expect(await keys()).toEqual(['first']);
      },
    });
    account.injectFault({ function: 'A', call: 1, kind: 'duplicated' });
    account.injectFault({ function: 'A', call: 2, kind: 'lost' });
    const put = puts('A', 0);
    await put('second');
    expect(duplicates).toEqual([{ function: 'A', process: 0 }]);
    expect(await errorOf(put('third'))).toMatchObject({ code: 'ECONNRESET' });
    expect(await keys()).toEqual(['first', 'second', 'third']);
  });
});

test('the quota of an action can be exhausted', async () => {
  const cloudWatch = fixture.client(CloudWatchClient);
  const mine = fixture.client(CloudWatchClient, 'Reconcile');
  account.throttle('cloudwatch', 'DescribeAlarms', 2);
  await cloudWatch.send(new DescribeAlarmsCommand({}));
  for (let i = 0; i < 2; i += 1) {
    const error = await errorOf(mine.send(new DescribeAlarmsCommand({})));
    expect(error.name).toMatch(/^Throttling/);
  }
  await mine.send(new DescribeAlarmsCommand({}));
  account.throttle('cloudwatch', 'DescribeAlarms', 9);
  await account.reset();
  await mine.send(new DescribeAlarmsCommand({}));
});

test('calls of an action can stay without a response, until the caller gives up', async () => {
  const mine = fixture.client(CloudWatchClient, 'Reconcile', 0, { requestHandler: { socketTimeout: 100 } });
  account.stall('cloudwatch', 'DescribeAlarms', 1);
  const error = await errorOf(mine.send(new DescribeAlarmsCommand({})));
  expect(error.name).toBe('TimeoutError');
  await mine.send(new DescribeAlarmsCommand({}));
});

function table(name: string): CreateTableCommand {
  return new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
  });
}
