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
import { DescribeEventTypesCommand, HealthClient } from '@aws-sdk/client-health';
import { CreateTopicCommand, PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Account, type SuccessfulCall, startAccount } from '../../../local/account/account.ts';
import { findPython } from '../../../local/python/find.ts';
import { errorOf, type Fixture, isBetween, openAccount } from './fixture.ts';

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

  test('contains the IAM actions that a call needs', async () => {
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

  test('contains operations that moto lacks, which fail with a named error', async () => {
    const error = await errorOf(fixture.client(HealthClient, 'A').send(new DescribeEventTypesCommand({})));
    expect(error).toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('health:DescribeEventTypes'),
    });
    expect(names()).toEqual(['A health:DescribeEventTypes 501']);
  });

  test('calls listeners for successful calls, with decoded input and output', async () => {
    const sns = fixture.client(SNSClient, 'A', 2);
    const seen: SuccessfulCall[] = [];
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

describe('the clock', () => {
  test('ends visibility timeouts and delays when it is skipped forward', async () => {
    const sqs = fixture.client(SQSClient);
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: 'q', Attributes: { VisibilityTimeout: '30' } }),
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
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 60 }));
    expect(await receive()).toEqual(['now 1']);
    fixture.clock.skip(29_000);
    expect(await receive()).toEqual([]);
    fixture.clock.skip(2_000);
    expect(await receive()).toEqual(['now 2']);
    fixture.clock.skip(31_000);
    expect(await receive()).toEqual(['later 1', 'now 3']);
  });

  test('sets the times of resources in moto', async () => {
    const before = fixture.clock.now();
    const { TableDescription } = await fixture.client(DynamoDBClient).send(table('dated'));
    const made = TableDescription?.CreationDateTime?.getTime() ?? 0;
    expect(isBetween(made, before, fixture.clock.now())).toBe(true);
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

  test('leaves no port open when it is closed twice', async () => {
    const { account: other } = await openAccount();
    await other.close();
    await other.close();
    const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
    expect(await once(socket, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  test('reports why moto did not start', async () => {
    const starting = startAccount({ python: process.execPath, clock: fixture.clock });
    expect(await errorOf(starting)).toMatchObject({
      message: expect.stringMatching(
        /^moto left with code 1 before it was ready\.\n[\s\S]*Unknown file extension/,
      ),
    });
    const missing = startAccount({ python: '/nowhere/python', clock: fixture.clock });
    expect(await errorOf(missing)).toMatchObject({ message: 'moto cannot be started with /nowhere/python.' });
  });

  test('moto exits when its parent exits', async () => {
    const moto = join(import.meta.dirname, '../../../local/account/moto/server.py');
    const child = spawn(await findPython(() => {}), [moto, '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
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
