import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { neededPermissions } from '../../../local/account/named-resources.ts';
import type { ApiRequest } from '../../../local/account/request.ts';
import { errorOf, type Fixture, openAccount } from './fixture.ts';

const STAGE = 'arn:aws:codepipeline:eu-west-1:123456789012:orders/Prod';
const TABLE = 'arn:aws:dynamodb:eu-west-1:123456789012:table/holds';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openAccount();
});
afterAll(() => fixture?.account.close());

test.each<[string, string, object, readonly string[]]>([
  [
    'sqs',
    'SendMessageBatch',
    { QueueUrl: 'http://127.0.0.1:1/123456789012/jobs' },
    ['sqs:SendMessage arn:aws:sqs:eu-west-1:123456789012:jobs'],
  ],
  ['sns', 'Publish', { TopicArn: 'arn:aws:sns:eu-west-1:1:a' }, ['sns:Publish arn:aws:sns:eu-west-1:1:a']],
  ['sns', 'Publish', { PhoneNumber: '+1' }, []],
  ['dynamodb', 'Query', { TableName: 'holds' }, [`dynamodb:Query ${TABLE}`]],
  ['dynamodb', 'Query', { TableName: 'holds', IndexName: 'open' }, [`dynamodb:Query ${TABLE}/index/open`]],
  ['dynamodb', 'BatchGetItem', { RequestItems: { holds: {} } }, [`dynamodb:BatchGetItem ${TABLE}`]],
  [
    'dynamodb',
    'TransactWriteItems',
    { TransactItems: [{ Put: { TableName: 'holds' } }, { Delete: { TableName: TABLE } }] },
    [`dynamodb:PutItem ${TABLE}`, `dynamodb:DeleteItem ${TABLE}`],
  ],
  [
    'lambda',
    'Invoke',
    { FunctionName: 'store' },
    ['lambda:InvokeFunction arn:aws:lambda:eu-west-1:123456789012:function:store'],
  ],
  [
    'codepipeline',
    'GetPipelineState',
    { name: 'orders' },
    ['codepipeline:GetPipelineState arn:aws:codepipeline:eu-west-1:123456789012:orders'],
  ],
  [
    'codepipeline',
    'RetryStageExecution',
    { pipelineName: 'orders', stageName: 'Prod' },
    [`codepipeline:RetryStageExecution ${STAGE}`],
  ],
  ['codepipeline', 'PutJobSuccessResult', { jobId: '1' }, []],
  [
    'ec2',
    'CreateTags',
    { ResourceId: ['i-1', 'ami-1'] },
    [
      'ec2:CreateTags arn:aws:ec2:eu-west-1:123456789012:instance/i-1',
      'ec2:CreateTags arn:aws:ec2:eu-west-1::image/ami-1',
    ],
  ],
  [
    'ec2',
    'ModifySnapshotAttribute',
    { SnapshotId: 'snap-1' },
    ['ec2:ModifySnapshotAttribute arn:aws:ec2:eu-west-1::snapshot/snap-1'],
  ],
  ['ec2', 'DescribeInstances', { InstanceId: ['i-1'] }, []],
  ['health', 'DescribeEvents', {}, []],
])('%s:%s with %j needs %j', (service, action, input, expected) => {
  const needed = neededPermissions({ service, action, input, region: 'eu-west-1' } as ApiRequest);
  expect(needed.map((one) => `${one.action} ${one.arn}`)).toEqual(expected);
});

test('an event is published with its source and detail type', () => {
  const Entries = [
    { Source: 'groundcrew.a', DetailType: 'A' },
    { Source: 'groundcrew.b', DetailType: 'B' },
  ];
  const request = { service: 'events', action: 'PutEvents', input: { Entries }, region: 'eu-west-1' };

  expect(neededPermissions(request as unknown as ApiRequest)).toEqual([
    {
      action: 'events:PutEvents',
      arn: 'arn:aws:events:eu-west-1:123456789012:event-bus/default',
      canHaveTags: true,
      values: { 'events:source': ['groundcrew.a', 'groundcrew.b'], 'events:detail-type': ['A', 'B'] },
    },
  ]);
});

test('a stage has no tags, a pipeline may have some', () => {
  const canHaveTags = (action: string): boolean | undefined =>
    neededPermissions({
      service: 'codepipeline',
      action,
      input: { pipelineName: 'orders', stageName: 'Prod' },
      region: 'eu-west-1',
    } as unknown as ApiRequest)[0]?.canHaveTags;

  expect([canHaveTags('RetryStageExecution'), canHaveTags('GetPipelineExecution')]).toEqual([false, true]);
});

test('the account refuses a call that the role does not allow', async () => {
  const asked: string[] = [];
  fixture.account.setHooks({
    isAllowed: (id, { action, arn }) => {
      asked.push(`${id} ${action} ${arn}`);
      return id !== 'Reader';
    },
  });

  const put = new PutItemCommand({ TableName: 'holds', Item: { id: { S: '1' } } });
  const refused = await errorOf(fixture.client(DynamoDBClient, 'Reader').send(put));
  const allowed = await errorOf(fixture.client(DynamoDBClient, 'Writer').send(put));

  expect(refused.name).toBe('AccessDeniedException');
  expect(refused.message).toContain(
    `Reader/Reader is not authorized to perform: dynamodb:PutItem on resource: ${TABLE}`,
  );
  expect(allowed.name).toBe('ResourceNotFoundException');
  expect(asked).toEqual([`Reader dynamodb:PutItem ${TABLE}`, `Writer dynamodb:PutItem ${TABLE}`]);
});
