import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  EC2Client,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetImageCommand,
  ImagebuilderClient,
  ListWorkflowExecutionsCommand,
} from '@aws-sdk/client-imagebuilder';
import { KMSClient } from '@aws-sdk/client-kms';
import {
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
} from '@aws-sdk/client-sns';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { z } from 'zod';
import type { ExecuteConfig, RequestConfig, SweepConfig } from '../../../functions/ami-approval/config.ts';
import type { ApprovalRecord } from '../../../functions/ami-approval/domain/approval-record.ts';
import { approverTopicArn } from '../../../functions/ami-approval/domain/approver-topic.ts';
import { noTargets } from '../../../functions/ami-approval/domain/share-targets.ts';
import { fakeInvocation as createFakeInvocation } from '../../support/handlers/invocation.ts';
import { chatNotification } from '../../support/scenarios/chat-schema.ts';
import { ANN, BEN, CEM, imageArn, NOW } from './approvals.ts';

// A fake account for refusals and races that the local account does not produce.

export const clients = {
  dynamo: mockClient(DynamoDBClient),
  ec2: mockClient(EC2Client),
  events: mockClient(EventBridgeClient),
  imageBuilder: mockClient(ImagebuilderClient),
  kms: mockClient(KMSClient),
  sns: mockClient(SNSClient),
  ssm: mockClient(SSMClient),
};

/** The name of the parameter that `saveSettings` fills. */
export const SETTINGS = '/groundcrew/ami-approval';

/** What the parameter in SSM says: an object, or any other text. */
export function saveSettings(settings: object | string): void {
  const Value = typeof settings === 'string' ? settings : JSON.stringify(settings);
  clients.ssm.on(GetParameterCommand, { Name: SETTINGS }).resolves({ Parameter: { Type: 'String', Value } });
}

/** By `image/part`. */
export const table = new Map<string, ApprovalRecord>();

const scope = { pipelines: ['web-*'], steps: ['Approve*'] };
const rules = { approvers: [ANN, BEN, CEM], required: 1, settingsParameter: undefined };
export const decideConfig = { table: 'approvals', requiresSignIn: false, ...rules };
const targets = { ...noTargets, accounts: ['111122223333'] };

const TOPIC_PREFIX = 'arn:aws:sns:eu-west-1:123456789012:stack-approver-';

const CHAT = 'arn:chat';

/** The topics of people by their addresses. */
export const topicOf = (address: string): string => approverTopicArn({ prefix: TOPIC_PREFIX }, address);

export const sweepConfig: SweepConfig = {
  table: 'approvals',
  dryRun: false,
  topicArn: 'arn:on-call',
  chatTopicArn: CHAT,
  ...rules,
  scope,
  approverTopics: { prefix: TOPIC_PREFIX, publishers: ['arn:role'], key: 'alias/aws/sns' },
};

export const requestConfig: RequestConfig = {
  table: 'approvals',
  dryRun: false,
  approverTopics: { prefix: TOPIC_PREFIX },
  topicArn: 'arn:on-call',
  chatTopicArn: CHAT,
  linkBase: 'https://pages.example.com',
  ...rules,
  expiryHours: 72,
  expiryMs: 72 * 3_600_000,
  excludeInitiator: false,
  targets,
  accountNames: { '111122223333': 'shop' },
  scope,
};

export const executeConfig: ExecuteConfig = {
  table: 'approvals',
  dryRun: false,
  approverTopics: { prefix: TOPIC_PREFIX },
  ownerTopicArn: 'arn:owners',
  chatTopicArn: CHAT,
  ...rules,
  targets,
  scope,
};

export const image = {
  arn: imageArn,
  type: 'AMI' as const,
  name: 'web-server',
  state: { status: 'AVAILABLE' as const },
  buildType: 'SCHEDULED' as const,
  sourcePipelineName: 'web-server-weekly',
  outputResources: {
    amis: [{ region: 'eu-west-1', image: 'ami-0a1b2c3d4e5f60718', name: 'web', accountId: '123456789012' }],
  },
};

export function openAccount(): void {
  table.clear();
  for (const client of Object.values(clients)) client.reset();
  answerTableCalls();
  clients.imageBuilder.on(GetImageCommand).resolves({ image });
  clients.imageBuilder.on(ListWorkflowExecutionsCommand).resolves({});
  clients.sns.on(PublishCommand).resolves({ MessageId: 'm' });
  for (const address of rules.approvers) answerSubscription(address, `${topicOf(address)}:1`);
  clients.events.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [] });
  const Tags = [
    { Key: 'CreatedBy', Value: 'EC2 Image Builder' },
    { Key: 'Ec2ImageBuilderArn', Value: imageArn },
  ];
  clients.ec2.on(DescribeImagesCommand).callsFake(async ({ ImageIds }) => ({
    Images: ImageIds.map((ImageId: string) => ({
      ImageId,
      State: 'available',
      Tags,
      BlockDeviceMappings: [],
    })),
  }));
  clients.ec2.on(ModifyImageAttributeCommand).resolves({});
  clients.ec2.on(DescribeImageAttributeCommand).resolves({ LaunchPermissions: [{ UserId: '111122223333' }] });
}

/** @param SubscriptionArn as SNS lists it; undefined for no subscription */
export function answerSubscription(address: string, SubscriptionArn: string | undefined): void {
  const one = { SubscriptionArn, Protocol: 'email', Endpoint: address };
  clients.sns
    .on(ListSubscriptionsByTopicCommand, { TopicArn: topicOf(address) })
    .resolves({ Subscriptions: SubscriptionArn === undefined ? [] : [one] });
}

function answerTableCalls(): void {
  clients.dynamo.on(GetItemCommand).callsFake(async ({ Key }) => {
    const { image: hash, part } = unmarshall(Key);
    const found = table.get(`${hash}/${part}`);
    return found ? { Item: marshall(found) } : {};
  });
  clients.dynamo.on(PutItemCommand).callsFake(async ({ Item, ExpressionAttributeValues: values }) => {
    const item = unmarshall(Item) as ApprovalRecord;
    const key = `${item.image}/${item.part}`;
    if (table.get(key)?.revision !== values?.[':revision']?.S)
      throw refusal('ConditionalCheckFailedException');
    table.set(key, item);
    return {};
  });
  clients.dynamo.on(QueryCommand).callsFake(async ({ IndexName, ExpressionAttributeValues: values }) => {
    const all = [...table.values()];
    const some = IndexName
      ? all.filter(({ open }) => open === 'open')
      : all.filter(({ image: hash }) => hash === values[':image'].S);
    return { Items: some.map((one) => marshall(one)) };
  });
}

/** The only request in the table. */
export function stored(): ApprovalRecord {
  const first = [...table.values()].find(({ image: hash }) => hash !== 'approvers');
  if (!first) throw new Error('The table is empty');
  return first;
}

export function keep(record: ApprovalRecord): ApprovalRecord {
  table.set(`${record.image}/${record.part}`, record);
  return record;
}

export const fakeInvocation = (now = () => NOW) => createFakeInvocation({ now });

/** An SDK error with the name that the service uses. */
export function refusal(name: string, status = 400): Error {
  return Object.assign(new Error(`the service refused with ${name}`), {
    name,
    $metadata: { httpStatusCode: status },
  });
}

/** An error without a response: the call may have succeeded. */
export function lostResponse(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: {} });
}

/** The published mails, each with its recipient, or with the list by which subscriptions filter it. */
export function sentMails(): { to: string; subject: string; text: string; topic: string }[] {
  return published((topic) => topic !== CHAT).map((input) => {
    const { MessageAttributes, Message = '', Subject = '', TopicArn = '' } = input;
    const [attribute] = Object.values(MessageAttributes ?? {});
    const to = rules.approvers.find((address) => topicOf(address) === TopicArn);
    return { to: to ?? attribute?.StringValue ?? '', subject: Subject, text: Message, topic: TopicArn };
  });
}

/** The messages that were published for chat. */
export function sentChats(): z.infer<typeof chatNotification>[] {
  return published((topic) => topic === CHAT).map(({ Message = '' }) =>
    chatNotification.parse(JSON.parse(Message)),
  );
}

function published(isRight: (topic: string) => boolean): PublishCommandInput[] {
  return clients.sns
    .commandCalls(PublishCommand)
    .map(({ args }) => args[0].input)
    .filter(({ TopicArn = '' }) => isRight(TopicArn));
}

export function tokenIn(text: string): string {
  return /\/approvals\/[0-9a-f]{32}\/([\w-]{43})$/m.exec(text)?.[1] ?? '';
}
