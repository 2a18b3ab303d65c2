import { CreateTableCommand, type DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, type SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';
import { accessKeyFor, authorizationFor } from '../account/caller.ts';
import { mapping } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';

export interface ResourceClients {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
}

/** Creates in the account what the functions expect to find there: queues, topics, tables, buckets, parameters. */
export async function createResources(stack: Stack, clients: ResourceClients): Promise<void> {
  await Promise.all([
    createQueues(stack.ofType('AWS::SQS::Queue'), clients),
    ...stack.ofType('AWS::DynamoDB::Table').map((table) => createTable(table, clients)),
    ...stack.ofType('AWS::SNS::Topic').map((topic) => createTopic(topic, clients)),
    ...stack.ofType('AWS::S3::Bucket').map((bucket) => createBucket(bucket, stack)),
    ...stack.ofType('AWS::SSM::Parameter').map((parameter) => putParameter(parameter, stack)),
  ]);
}

/** A queue can name another as its dead-letter queue only when that one exists. */
async function createQueues(queues: readonly Resource[], clients: ResourceClients): Promise<void> {
  const isLast = ({ properties }: Resource): boolean => properties.RedrivePolicy === undefined;
  await Promise.all(queues.filter(isLast).map((queue) => createQueue(queue, clients)));
  await Promise.all(queues.filter((queue) => !isLast(queue)).map((queue) => createQueue(queue, clients)));
}

const queueAttributes: readonly QueueAttributeName[] = [
  'ContentBasedDeduplication',
  'DelaySeconds',
  'FifoQueue',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
];

async function createQueue({ name, properties }: Resource, { sqs }: ResourceClients): Promise<void> {
  const set = queueAttributes.filter((attribute) => properties[attribute] !== undefined);
  const attributes = set.map((attribute) => [attribute, attributeText(properties[attribute])]);
  await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: Object.fromEntries(attributes) }));
}

function attributeText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function createTopic({ name, properties }: Resource, { sns }: ResourceClients): Promise<void> {
  const { DisplayName, FifoTopic } = properties;
  const attributes = Object.entries({ DisplayName, FifoTopic }).filter(([, value]) => value !== undefined);
  await sns.send(
    new CreateTopicCommand({
      Name: name,
      Attributes: Object.fromEntries(attributes.map(([key, value]) => [key, String(value)])),
    }),
  );
}

const tableMembers = [
  'AttributeDefinitions',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'KeySchema',
  'LocalSecondaryIndexes',
  'ProvisionedThroughput',
  'StreamSpecification',
];

async function createTable({ name, properties }: Resource, { dynamodb }: ResourceClients): Promise<void> {
  const set = tableMembers.filter((member) => properties[member] !== undefined);
  const members = Object.fromEntries(set.map((member) => [member, properties[member]]));
  // CloudFormation writes a table as the API does; what is wrong in it the account refuses.
  await dynamodb.send(new CreateTableCommand(JSON.parse(JSON.stringify({ ...members, TableName: name }))));
  const { AttributeName, Enabled } = mapping(properties.TimeToLiveSpecification);
  if (Enabled !== true) return;
  await dynamodb.send(
    new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { AttributeName: String(AttributeName), Enabled: true },
    }),
  );
}

async function createBucket({ id }: Resource, stack: Stack): Promise<void> {
  const { region } = stack.names;
  const body = `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
  await request(stack, 's3', { path: `/${stack.ref(id)}`, method: 'PUT', body });
}

async function putParameter({ name, properties }: Resource, stack: Stack): Promise<void> {
  const { Type, Value } = properties;
  const headers = { 'x-amz-target': 'AmazonSSM.PutParameter', 'content-type': 'application/x-amz-json-1.1' };
  const body = JSON.stringify({ Name: name, Type, Value: String(Value) });
  await request(stack, 'ssm', { path: '/', method: 'POST', headers, body });
}

interface Bare extends RequestInit {
  readonly path: string;
}

/** For services of whose clients the pack has none: the account does not look at signatures. */
async function request({ names }: Stack, service: string, { path, ...init }: Bare): Promise<void> {
  const authorization = authorizationFor(accessKeyFor('wiring'), names.region, service);
  const answer = await fetch(names.endpoint + path, { ...init, headers: { ...init.headers, authorization } });
  if (!answer.ok) throw new Error(`${service} refused ${init.method} ${path}: ${await answer.text()}`);
}
