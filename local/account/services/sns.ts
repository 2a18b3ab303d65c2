import { randomUUID } from 'node:crypto';
import { isMapping, list, type Mapping, mapping } from '../../json.ts';
import { defineEmulatedService, type ServiceContext } from '../emulated-service.ts';
import { isDenied } from '../resource-policy.ts';
import { decodeXmlResult, ServiceError } from '../response.ts';
import type { HttpResponse } from '../types.ts';

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
  readonly queues: QueueSubscription[];
  /** By ARN. */
  readonly subscriptions: Map<string, MailSubscription>;
  /** Topic policies by the topic's ARN, as JSON. */
  readonly policies: Map<string, string>;
}

/** SNS deletes a subscription that nobody has confirmed for 48 hours (What's New, 2023-05-10). */
export const confirmationMs = 48 * 3_600_000;

type Context = ServiceContext<SnsState>;

/** moto confirms every subscription at once, and applies no topic policy. */
export default defineEmulatedService<SnsState>({
  service: 'sns',
  createState: () => ({ queues: [], subscriptions: new Map(), policies: new Map() }),
  operations: {
    CreateTopic: createTopic,
    SetTopicAttributes: setTopicAttributes,
    DeleteTopic: deleteTopic,
    Subscribe: subscribe,
    ConfirmSubscription: confirmSubscription,
    ListSubscriptionsByTopic: listSubscriptions,
    Unsubscribe: unsubscribe,
    Publish: publish,
  },
});

/** The subscriptions of mailboxes that exist at this time. */
export function findMailSubscriptions(
  { subscriptions }: SnsState,
  topicArn: string,
  now: number,
): readonly MailSubscription[] {
  return [...subscriptions.values()].filter((one) => one.topicArn === topicArn && exists(one, now));
}

function exists({ isConfirmed, askedAt }: MailSubscription, now: number): boolean {
  return isConfirmed || now - askedAt < confirmationMs;
}

async function createTopic(input: Mapping, context: Context): Promise<HttpResponse> {
  const response = await context.forward();
  const policy = attributesOf(input).get('Policy');
  const arn = resultOf('CreateTopic', response).TopicArn;
  if (policy !== undefined && response.status < 300 && !context.state.policies.has(String(arn)))
    context.state.policies.set(String(arn), policy);
  return response;
}

/** The query protocol encodes a map as a list of keys and values. */
function attributesOf({ Attributes }: Mapping): Map<string, string> {
  return new Map(
    list(Attributes)
      .map(mapping)
      .map(({ key, value }) => [String(key), String(value)]),
  );
}

async function setTopicAttributes(input: Mapping, context: Context): Promise<HttpResponse> {
  const response = await context.forward();
  if (input.AttributeName === 'Policy' && response.status < 300)
    context.state.policies.set(String(input.TopicArn), String(input.AttributeValue));
  return response;
}

async function deleteTopic({ TopicArn: topicArn }: Mapping, context: Context): Promise<HttpResponse> {
  const { policies, subscriptions } = context.state;
  policies.delete(String(topicArn));
  for (const one of subscriptions.values()) if (one.topicArn === topicArn) subscriptions.delete(one.arn);
  return context.forward();
}

async function subscribe(input: Mapping, context: Context): Promise<unknown> {
  const { Endpoint, Protocol, ReturnSubscriptionArn, TopicArn } = input;
  refuseDenied('sns:Subscribe', input, context);
  if (Protocol === 'sqs') return subscribeQueue(input, context);
  const response = await context.forward();
  if (Protocol !== 'email' || response.status >= 300) return response;
  const arn = String(resultOf('Subscribe', response).SubscriptionArn);
  const known = context.state.subscriptions.get(arn);
  if (known?.isConfirmed) return response;
  context.state.subscriptions.set(arn, {
    arn,
    topicArn: String(TopicArn),
    endpoint: String(Endpoint),
    token: randomUUID().replaceAll('-', ''),
    askedAt: context.now(),
    isConfirmed: false,
    needsAuthentication: false,
  });
  return { SubscriptionArn: ReturnSubscriptionArn === 'true' ? arn : 'pending confirmation' };
}

/** A queue of the same account needs no confirmation. */
function subscribeQueue(input: Mapping, { state }: Context): Mapping {
  const [topicArn, queueArn] = [String(input.TopicArn), String(input.Endpoint)];
  state.queues.push({
    topicArn,
    queueArn,
    isRaw: attributesOf(input).get('RawMessageDelivery') === 'true',
  });
  return { SubscriptionArn: `${topicArn}:${randomUUID()}` };
}

/** Also by the link in the confirmation mail, which no client signs. */
function confirmSubscription(input: Mapping, { caller, now, state }: Context): Mapping {
  const { AuthenticateOnUnsubscribe, Token, TopicArn } = input;
  const found = findMailSubscriptions(state, String(TopicArn), now()).find(({ token }) => token === Token);
  if (!found) throw new ServiceError('InvalidParameter', 'Invalid parameter: Token');
  found.isConfirmed = true;
  found.needsAuthentication = AuthenticateOnUnsubscribe === 'true' && !caller.isAnonymous;
  return { SubscriptionArn: found.arn };
}

async function listSubscriptions(_: Mapping, context: Context): Promise<unknown> {
  const response = await context.forward();
  if (response.status >= 300) return response;
  const { subscriptions } = context.state;
  const { NextToken, Subscriptions } = resultOf('ListSubscriptionsByTopic', response);
  const listed = list(Subscriptions)
    .filter(isMapping)
    .flatMap((one) => {
      const mail = subscriptions.get(String(one.SubscriptionArn));
      if (!mail) return one.Protocol === 'email' ? [] : [one];
      if (!exists(mail, context.now())) return [];
      return [mail.isConfirmed ? one : { ...one, SubscriptionArn: 'PendingConfirmation' }];
    });
  return { Subscriptions: listed, ...(NextToken !== undefined && NextToken !== '' && { NextToken }) };
}

/** Also by the link in every mail, which no client signs. */
async function unsubscribe({ SubscriptionArn: arn }: Mapping, context: Context): Promise<unknown> {
  const { subscriptions } = context.state;
  if (context.caller.isAnonymous && subscriptions.get(String(arn))?.needsAuthentication !== false)
    throw new ServiceError('AuthorizationError', 'This subscription requires authentication', 403);
  subscriptions.delete(String(arn));
  return context.caller.isAnonymous ? {} : context.forward();
}

async function publish(input: Mapping, context: Context): Promise<HttpResponse> {
  refuseDenied('sns:Publish', input, context);
  return context.forward();
}

function refuseDenied(action: string, { Endpoint, Protocol, TopicArn }: Mapping, context: Context): void {
  const policy = context.state.policies.get(String(TopicArn));
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

function resultOf(action: string, response: HttpResponse): Mapping {
  return decodeXmlResult(action, response);
}
