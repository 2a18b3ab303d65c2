import { randomUUID } from 'node:crypto';
import { list, type Mapping, mapping } from '../../../json.ts';
import { runBatch } from '../../batch.ts';
import type { ServiceContext } from '../../emulated-service.ts';
import { paginate } from '../../pagination.ts';
import { isDenied } from '../../resource-policy.ts';
import { ServiceError } from '../../response.ts';

/** A subscription of a mailbox. SNS sends it messages after its owner has confirmed it. */
export interface MailSubscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly endpoint: string;
  /** In the link of the latest confirmation mail. */
  token: string;
  askedAt: number;
  isConfirmed: boolean;
  /** The unsubscribe link in its mails does not work. */
  needsAuthentication: boolean;
}

/** A queue that a call subscribed. The wiring delivers to it. */
export interface QueueSubscription {
  readonly topicArn: string;
  readonly queueArn: string;
  readonly isRaw: boolean;
}

export interface SnsState {
  /** The attributes of each topic, by ARN. */
  readonly topics: Map<string, Map<string, string>>;
  readonly queues: QueueSubscription[];
  /** By ARN. */
  readonly subscriptions: Map<string, MailSubscription>;
}

export type Context = ServiceContext<SnsState>;

const MAX_TOPICS_A_PAGE = 100;
const MAX_MESSAGE_BYTES = 256 * 1024;

/** Returns the topic of this name, if there is one with the same attributes. */
export function createTopic(input: Mapping, { state, region, accountId }: Context): Mapping {
  const name = String(input['Name']);
  if (!/^[\w-]{1,256}$/.test(name)) throw invalidParameter('Topic Name');
  const arn = `arn:aws:sns:${region}:${accountId}:${name}`;
  const attributes = attributesOf(input);
  if (attributes.get('FifoTopic') === 'true')
    throw new ServiceError('InvalidParameter', 'The local account has no FIFO topics.');
  const known = state.topics.get(arn);
  if (!known) state.topics.set(arn, attributes);
  else if ([...attributes].some(([key, value]) => known.get(key) !== value))
    throw invalidParameter('Attributes Reason: Topic already exists with different attributes');
  return { TopicArn: arn };
}

/** The query protocol encodes a map as a list of keys and values. */
export function attributesOf({ Attributes }: Mapping): Map<string, string> {
  return new Map(
    list(Attributes)
      .map(mapping)
      .map(({ key, value }) => [String(key), String(value)]),
  );
}

/** Deleting a topic that does not exist succeeds (API reference, DeleteTopic). */
export function deleteTopic({ TopicArn: topicArn }: Mapping, { state }: Context): Mapping {
  const { queues, subscriptions, topics } = state;
  topics.delete(String(topicArn));
  for (const one of subscriptions.values()) if (one.topicArn === topicArn) subscriptions.delete(one.arn);
  queues.splice(0, queues.length, ...queues.filter((one) => one.topicArn !== topicArn));
  return {};
}

export function listTopics({ NextToken: token }: Mapping, { state }: Context): Mapping {
  const arns = [...state.topics.keys()].toSorted();
  const { items, nextToken } = paginate(arns, MAX_TOPICS_A_PAGE, token, invalidParameter('NextToken'));
  return {
    Topics: items.map((TopicArn) => ({ TopicArn })),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

export function getTopicAttributes({ TopicArn }: Mapping, { state, accountId }: Context): Mapping {
  const arn = String(TopicArn);
  const mine = [...state.subscriptions.values()].filter((one) => one.topicArn === arn);
  const confirmed = mine.filter(({ isConfirmed }) => isConfirmed).length;
  const queues = state.queues.filter(({ topicArn }) => topicArn === arn).length;
  const attributes = new Map<string, string>([
    ['TopicArn', arn],
    ['Owner', accountId],
    ['DisplayName', ''],
    ['Policy', defaultPolicy(arn, accountId)],
    ['SubscriptionsConfirmed', String(confirmed + queues)],
    ['SubscriptionsPending', String(mine.length - confirmed)],
    ...topicOf(arn, state),
  ]);
  return { Attributes: attributes };
}

export function setTopicAttributes(input: Mapping, { state }: Context): Mapping {
  const { AttributeName: name, AttributeValue: value, TopicArn: arn } = input;
  topicOf(arn, state).set(String(name), value === undefined ? '' : String(value));
  return {};
}

/** What a topic has that was created without a policy: its account may use it (developer guide, access control). */
function defaultPolicy(Resource: string, account: string): string {
  const actions = [
    'GetTopicAttributes',
    'SetTopicAttributes',
    'AddPermission',
    'RemovePermission',
    'DeleteTopic',
    'Subscribe',
    'ListSubscriptionsByTopic',
    'Publish',
  ];
  const statement = {
    Sid: '__default_statement_ID',
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: actions.map((action) => `SNS:${action}`),
    Resource,
    Condition: { StringEquals: { 'AWS:SourceOwner': account } },
  };
  return JSON.stringify({ Version: '2008-10-17', Id: '__default_policy_ID', Statement: [statement] });
}

/**
 * The subject is a mail header: at most 100 characters, without line breaks and control characters (API reference,
 * Publish). The wiring delivers the message.
 */
export function publish(input: Mapping, context: Context): Mapping {
  const { Message: message, Subject: subject, TargetArn: target, TopicArn: arn = target } = input;
  refuseDenied('sns:Publish', input, context);
  if (arn !== undefined) topicOf(arn, context.state);
  if (typeof subject === 'string' && (subject === '' || subject.length > 100 || /\p{Cc}/u.test(subject)))
    throw invalidParameter('Subject');
  if (typeof message !== 'string' || message === '') throw invalidParameter('Message');
  if (Buffer.byteLength(message) > MAX_MESSAGE_BYTES) throw invalidParameter('Message too long');
  return { MessageId: randomUUID() };
}

export function publishBatch(input: Mapping, context: Context): Mapping {
  const { PublishBatchRequestEntries: entries, TopicArn } = input;
  return runBatch(entries, (entry) => publish({ ...entry, TopicArn }, context));
}

export function refuseDenied(
  action: string,
  { Endpoint, Protocol, TopicArn }: Mapping,
  context: Context,
): void {
  const policy = context.state.topics.get(String(TopicArn))?.get('Policy');
  if (policy === undefined) return;
  const keys = {
    'aws:PrincipalArn': context.principalArn(),
    'sns:Endpoint': Endpoint,
    'sns:Protocol': Protocol,
  };
  if (!isDenied(policy, action, keys)) return;
  const message = `User: ${context.principalArn()} is not authorized to perform: ${action} on resource: ${TopicArn} with an explicit deny in a resource-based policy`;
  throw new ServiceError('AuthorizationError', message, 403);
}

export function topicOf(arn: unknown, { topics }: SnsState): Map<string, string> {
  const found = topics.get(String(arn));
  if (found) return found;
  throw new ServiceError('NotFound', 'Topic does not exist', 404);
}

export function invalidParameter(name: string): ServiceError {
  return new ServiceError('InvalidParameter', `Invalid parameter: ${name}`);
}
