import { isMapping, type Mapping } from '../json.ts';
import type { ApiRequest } from './request.ts';

/** The IAM actions that a role must allow for a call: mostly the action of the same name. */
export function iamActions(request: Pick<ApiRequest, 'service' | 'action' | 'input'>): string[] {
  const name = `${request.service}:${request.action}`;
  const needs = exceptions[name];
  // The input is decoded for those that look at it alone.
  return needs ? [...new Set(needs(request.input))] : [name];
}

const exceptions: Readonly<Record<string, (input: Mapping) => string[]>> = {
  // A transaction is authorized item by item, as what each item does; there is no action of its own name.
  'dynamodb:TransactWriteItems': ({ TransactItems }) => listOf(TransactItems).flatMap(transactActions),
  'dynamodb:TransactGetItems': () => ['dynamodb:GetItem'],

  // Batches are authorized as what they batch. (DynamoDB's BatchGetItem and BatchWriteItem are actions of their own.)
  'sns:PublishBatch': () => ['sns:Publish'],
  'sqs:SendMessageBatch': () => ['sqs:SendMessage'],
  'sqs:DeleteMessageBatch': () => ['sqs:DeleteMessage'],
  'sqs:ChangeMessageVisibilityBatch': () => ['sqs:ChangeMessageVisibility'],

  // Tagging while creating needs the permission to tag as well.
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

  // The role that AWS Backup restores with is handed over by the caller.
  'backup:StartRestoreJob': withTags('backup:StartRestoreJob', 'iam:PassRole', 'IamRoleArn'),

  // S3 authorizes by what is read and written.
  's3:HeadBucket': () => ['s3:ListBucket'],
  's3:ListObjects': () => ['s3:ListBucket'],
  's3:ListObjectsV2': () => ['s3:ListBucket'],
  's3:ListObjectVersions': () => ['s3:ListBucketVersions'],
  's3:HeadObject': ({ versionId }) => [versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'],
  's3:GetObject': ({ versionId }) => [versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'],
  's3:DeleteObjects': () => ['s3:DeleteObject'],
  's3:CopyObject': () => ['s3:GetObject', 's3:PutObject'],

  // The API calls it Invoke, IAM InvokeFunction.
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

function withTags(action: string, further: string, member: string): (input: Mapping) => string[] {
  return (input) => (isEmpty(input[member]) ? [action] : [action, further]);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.length === 0);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
