import { expect, test } from 'vitest';
import { iamActions } from '../../../local/account/iam-actions.ts';

test.each([
  ['dynamodb', 'PutItem', {}, ['dynamodb:PutItem']],
  ['dynamodb', 'BatchGetItem', {}, ['dynamodb:BatchGetItem']],
  ['dynamodb', 'TransactGetItems', {}, ['dynamodb:GetItem']],
  [
    'dynamodb',
    'TransactWriteItems',
    { TransactItems: [{ Put: {} }, { ConditionCheck: {} }, { Put: {} }, { Delete: {} }, { Update: {} }] },
    ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem', 'dynamodb:DeleteItem', 'dynamodb:UpdateItem'],
  ],
  ['sns', 'PublishBatch', {}, ['sns:Publish']],
  ['sqs', 'SendMessageBatch', {}, ['sqs:SendMessage']],
  ['sqs', 'DeleteMessageBatch', {}, ['sqs:DeleteMessage']],
  ['sqs', 'ChangeMessageVisibilityBatch', {}, ['sqs:ChangeMessageVisibility']],
  ['cloudwatch', 'PutMetricAlarm', {}, ['cloudwatch:PutMetricAlarm']],
  ['cloudwatch', 'PutMetricAlarm', { Tags: [] }, ['cloudwatch:PutMetricAlarm']],
  ['cloudwatch', 'PutMetricAlarm', { Tags: [{}] }, ['cloudwatch:PutMetricAlarm', 'cloudwatch:TagResource']],
  ['ec2', 'RunInstances', { TagSpecification: [{}] }, ['ec2:RunInstances', 'ec2:CreateTags']],
  ['backup', 'StartRestoreJob', { IamRoleArn: 'arn' }, ['backup:StartRestoreJob', 'iam:PassRole']],
  ['lambda', 'Invoke', {}, ['lambda:InvokeFunction']],
  ['autoscaling', 'DetachInstances', {}, ['autoscaling:DetachInstances']],
])('%s:%s with %j needs %j', (service, action, input, expected) => {
  expect(iamActions({ service, action, input })).toEqual(expected);
});
