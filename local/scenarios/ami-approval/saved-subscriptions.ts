import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
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
  const state = emulatedState(world, 'sns');
  const topics = [...state.subscriptions.values()].map(({ topicArn, endpoint, isConfirmed }) => ({
    name: topicArn.slice(topicArn.lastIndexOf(':') + 1),
    attributes: Object.fromEntries(state.topics.get(topicArn) ?? []),
    endpoint,
    isConfirmed,
  }));
  const { Items = [] } = await world
    .client(DynamoDBClient)
    .send(new ScanCommand({ TableName: world.ref('Approvals') }));
  return {
    topics,
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
