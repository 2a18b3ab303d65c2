import {
  CreateTopicCommand,
  DeleteTopicCommand,
  ListSubscriptionsByTopicCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  type Subscription,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { hasName } from '#shared/errors.ts';
import type { ListedSubscription } from '../domain/approver-subscription.ts';
import type { TopicSettings } from '../domain/approver-topic.ts';

const sns = createClient(SNSClient, { deadlineMs: 8_000 });
// Each call sends a mail, so a call whose response was lost is not repeated.
const snsOnce = createClient(SNSClient, { deadlineMs: 8_000, retryAnswered: true });

/** @returns undefined if there is no such topic */
export async function listSubscriptions(
  topicArn: string,
  signal: AbortSignal,
): Promise<ListedSubscription[] | undefined> {
  try {
    return await paginate<ListedSubscription, string>(async (next) => {
      const command = new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, NextToken: next });
      const { Subscriptions = [], NextToken } = await sns.send(command, { abortSignal: signal });
      return { items: Subscriptions.filter(isPresent).map(toListed), next: NextToken };
    });
  } catch (error) {
    if (isMissingTopic(error)) return undefined;
    throw error;
  }
}

/** A subscription that was deleted stays listed for some time, with this text in place of its ARN. */
function isPresent({ SubscriptionArn }: Subscription): boolean {
  return SubscriptionArn !== 'Deleted';
}

function toListed({
  SubscriptionArn: arn,
  Protocol: protocol = '',
  Endpoint: endpoint = '',
}: Subscription): ListedSubscription {
  // `PendingConfirmation` in place of an ARN
  return { ...(arn?.startsWith('arn:') && { arn }), protocol, endpoint };
}

/** Creates a topic that has its policy from the first moment. */
export async function createTopic(
  topicArn: string,
  settings: TopicSettings,
  signal: AbortSignal,
): Promise<void> {
  const Name = topicArn.slice(topicArn.lastIndexOf(':') + 1);
  await sns.send(new CreateTopicCommand({ Name, Attributes: { ...settings } }), { abortSignal: signal });
}

export async function setTopicSettings(
  topicArn: string,
  settings: TopicSettings,
  signal: AbortSignal,
): Promise<void> {
  for (const [AttributeName, AttributeValue] of Object.entries(settings)) {
    const command = new SetTopicAttributesCommand({ TopicArn: topicArn, AttributeName, AttributeValue });
    await sns.send(command, { abortSignal: signal });
  }
}

/** SNS mails a link that confirms the subscription, unless it is confirmed. */
export async function subscribeMailbox(
  topicArn: string,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const command = new SubscribeCommand({ TopicArn: topicArn, Protocol: 'email', Endpoint: address });
  await snsOnce.send(command, { abortSignal: signal });
}

export async function unsubscribe(subscriptionArn: string, signal: AbortSignal): Promise<void> {
  await sns.send(new UnsubscribeCommand({ SubscriptionArn: subscriptionArn }), { abortSignal: signal });
}

/** Deletes the topic with its subscriptions. Succeeds if there is none. */
export async function deleteTopic(topicArn: string, signal: AbortSignal): Promise<void> {
  await sns.send(new DeleteTopicCommand({ TopicArn: topicArn }), { abortSignal: signal });
}

function isMissingTopic(error: unknown): boolean {
  return hasName(error, 'NotFoundException', 'NotFound');
}
