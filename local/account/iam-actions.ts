import { isMapping, type Mapping } from '../json.ts';
import type { ApiRequest } from './request.ts';

/** The IAM actions that a role needs for a call: in most cases the action of the same name. */
export function iamActions(request: Pick<ApiRequest, 'service' | 'action' | 'input'>): string[] {
  const name = `${request.service}:${request.action}`;
  const actionsFor = exceptions[name];
  // Decoding the input is slow, so only exceptions that need it read it.
  return actionsFor ? [...new Set(actionsFor(request.input))] : [name];
}

const exceptions: Readonly<Record<string, (input: Mapping) => string[]>> = {
  // IAM authorizes each item of a transaction as its own operation. There is no action for the transaction.
  'dynamodb:TransactWriteItems': ({ TransactItems }) => listOf(TransactItems).flatMap(transactActions),
  'dynamodb:TransactGetItems': () => ['dynamodb:GetItem'],

  // IAM authorizes these batches as single operations. (DynamoDB's BatchGetItem and BatchWriteItem have own actions.)
  'sns:PublishBatch': () => ['sns:Publish'],
  'sqs:SendMessageBatch': () => ['sqs:SendMessage'],
  'sqs:DeleteMessageBatch': () => ['sqs:DeleteMessage'],
  'sqs:ChangeMessageVisibilityBatch': () => ['sqs:ChangeMessageVisibility'],

  // Creating with tags needs the permission to tag too.
  'cloudwatch:PutMetricAlarm': withTags('cloudwatch:PutMetricAlarm', 'cloudwatch:TagResource', 'Tags'),
  'cloudwatch:PutCompositeAlarm': withTags('cloudwatch:PutCompositeAlarm', 'cloudwatch:TagResource', 'Tags'),
  'ec2:CreateImage': withTags('ec2:CreateImage', 'ec2:CreateTags', 'TagSpecification'),
  'ec2:CopyImage': withTags('ec2:CopyImage', 'ec2:CreateTags', 'TagSpecification'),
  'ec2:CreateSnapshot': withTags('ec2:CreateSnapshot', 'ec2:CreateTags', 'TagSpecification'),
  'ec2:RunInstances': withTags('ec2:RunInstances', 'ec2:CreateTags', 'TagSpecification'),
  'elasticloadbalancing:CreateTargetGroup': withTags(
    'elasticloadbalancing:CreateTargetGroup',
    'elasticloadbalancing:AddTags',
    'Tags',
  ),
  'events:PutRule': withTags('events:PutRule', 'events:TagResource', 'Tags'),

  // The caller passes the role with which AWS Backup restores.
  'backup:StartRestoreJob': withTags('backup:StartRestoreJob', 'iam:PassRole', 'IamRoleArn'),

  // S3's IAM actions differ from the operations.
  's3:HeadBucket': () => ['s3:ListBucket'],
  's3:ListObjects': () => ['s3:ListBucket'],
  's3:ListObjectsV2': () => ['s3:ListBucket'],
  's3:ListObjectVersions': () => ['s3:ListBucketVersions'],
  's3:HeadObject': ({ versionId }) => [versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'],
  's3:GetObject': ({ versionId }) => [versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'],
  's3:DeleteObjects': () => ['s3:DeleteObject'],
  's3:CopyObject': () => ['s3:GetObject', 's3:PutObject'],

  // The operation is Invoke, the IAM action is InvokeFunction.
  'lambda:Invoke': () => ['lambda:InvokeFunction'],
};

const transactKinds: Readonly<Record<string, string>> = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
};

function transactActions(item: unknown): string[] {
  if (!isMapping(item)) return [];
  return Object.keys(item).flatMap((kind) => transactKinds[kind] ?? []);
}

function withTags(action: string, extra: string, member: string): (input: Mapping) => string[] {
  return (input) => (isEmpty(input[member]) ? [action] : [action, extra]);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
