import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateTopicCommand,
  GetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { World } from '../../scenario-kit/world.ts';

/** What SweepApprovals keeps for the approvers: topics with their subscriptions, and records. */
export interface SavedSubscriptions {
  readonly topics: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly endpoint: string;
    readonly isConfirmed: boolean;
  }[];
  readonly records: readonly Record<string, AttributeValue>[];
}

export async function saveSubscriptions(world: World): Promise<SavedSubscriptions> {
  const { policies, subscriptions } = emulatedState(world, 'sns');
  const topics = [...subscriptions.values()].map(async ({ topicArn, endpoint, isConfirmed }) => {
    const command = new GetTopicAttributesCommand({ TopicArn: topicArn });
    const { Attributes = {} } = await world.client(SNSClient).send(command);
    const attributes = { Policy: policies.get(topicArn), KmsMasterKeyId: Attributes.KmsMasterKeyId };
    const set = Object.entries(attributes).filter((one): one is [string, string] => one[1] !== undefined);
    const name = topicArn.slice(topicArn.lastIndexOf(':') + 1);
    return { name, attributes: Object.fromEntries(set), endpoint, isConfirmed };
  });
  const { Items = [] } = await world
    .client(DynamoDBClient)
    .send(new ScanCommand({ TableName: world.ref('Approvals') }));
  return {
    topics: await Promise.all(topics),
    records: Items.filter(({ image }) => image?.S === 'approvers'),
  };
}

export async function restoreSubscriptions(
  world: World,
  { topics, records }: SavedSubscriptions,
): Promise<void> {
  const sns = world.client(SNSClient);
  for (const { name, attributes, endpoint } of topics) {
    const { TopicArn } = await sns.send(
      new CreateTopicCommand({ Name: name, Attributes: { ...attributes } }),
    );
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: endpoint }));
  }
  for (const one of emulatedState(world, 'sns').subscriptions.values())
    one.isConfirmed = topics.some(({ endpoint, isConfirmed }) => endpoint === one.endpoint && isConfirmed);
  const dynamodb = world.client(DynamoDBClient);
  for (const Item of records)
    await dynamodb.send(new PutItemCommand({ TableName: world.ref('Approvals'), Item }));
}
