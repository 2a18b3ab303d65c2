import { randomUUID } from 'node:crypto';
import type { Mapping } from '../../../json.ts';
import { paginate } from '../../pagination.ts';
import { ServiceError } from '../../response.ts';
import {
  attributesOf,
  type Context,
  invalidParameter,
  type MailSubscription,
  refuseDenied,
  type SnsState,
  topicOf,
} from './topics.ts';

/** SNS deletes a subscription that nobody has confirmed for 48 hours (What's New, 2023-05-10). */
const confirmationMs = 48 * 3_600_000;

const MAX_SUBSCRIPTIONS_A_PAGE = 100;

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

export function subscribe(input: Mapping, context: Context): Mapping {
  refuseDenied('sns:Subscribe', input, context);
  topicOf(input['TopicArn'], context.state);
  if (input['Protocol'] === 'sqs') return subscribeQueue(input, context);
  if (input['Protocol'] === 'email') return subscribeMailbox(input, context);
  throw new ServiceError(
    'InvalidParameter',
    `The local account subscribes no ${input['Protocol']} by a call.`,
  );
}

/** A queue of the same account needs no confirmation. */
function subscribeQueue(input: Mapping, { state }: Context): Mapping {
  const [topicArn, queueArn] = [String(input['TopicArn']), String(input['Endpoint'])];
  state.queues.push({
    topicArn,
    queueArn,
    isRaw: attributesOf(input).get('RawMessageDelivery') === 'true',
  });
  return { SubscriptionArn: `${topicArn}:${randomUUID()}` };
}

/** One subscription for each topic and address: subscribing again sends the confirmation once more. */
function subscribeMailbox(input: Mapping, { now, state }: Context): Mapping {
  const [topicArn, endpoint] = [String(input['TopicArn']), String(input['Endpoint'])];
  if (!/^[^@\s]+@[^@\s]+$/.test(endpoint)) throw invalidParameter('Email address');
  const known = [...state.subscriptions.values()].find(
    (one) => one.topicArn === topicArn && one.endpoint === endpoint,
  );
  if (known?.isConfirmed) return { SubscriptionArn: known.arn };
  const arn = known?.arn ?? `${topicArn}:${randomUUID()}`;
  state.subscriptions.set(arn, {
    arn,
    topicArn,
    endpoint,
    token: randomUUID().replaceAll('-', ''),
    askedAt: now(),
    isConfirmed: false,
    needsAuthentication: false,
  });
  return { SubscriptionArn: input['ReturnSubscriptionArn'] === 'true' ? arn : 'pending confirmation' };
}

/** Also by the link in the confirmation mail, which no client signs. */
export function confirmSubscription(input: Mapping, { caller, now, state }: Context): Mapping {
  const { AuthenticateOnUnsubscribe, Token, TopicArn } = input;
  const found = findMailSubscriptions(state, String(TopicArn), now()).find(({ token }) => token === Token);
  if (!found) throw invalidParameter('Token');
  found.isConfirmed = true;
  found.needsAuthentication = AuthenticateOnUnsubscribe === 'true' && !caller.isAnonymous;
  return { SubscriptionArn: found.arn };
}

export function listSubscriptionsByTopic(input: Mapping, { accountId, now, state }: Context): Mapping {
  const { NextToken: token, TopicArn: topicArn } = input;
  topicOf(topicArn, state);
  const mailboxes = findMailSubscriptions(state, String(topicArn), now()).map((one) => ({
    SubscriptionArn: one.isConfirmed ? one.arn : 'PendingConfirmation',
    Owner: accountId,
    Protocol: 'email',
    Endpoint: one.endpoint,
    TopicArn: topicArn,
  }));
  const { items, nextToken } = paginate(
    mailboxes,
    MAX_SUBSCRIPTIONS_A_PAGE,
    token,
    invalidParameter('NextToken'),
  );
  return { Subscriptions: items, ...(nextToken !== undefined && { NextToken: nextToken }) };
}

/** Also by the link in every mail, which no client signs. Removing what does not exist succeeds. */
export function unsubscribe({ SubscriptionArn: arn }: Mapping, { caller, state }: Context): Mapping {
  if (caller.isAnonymous && state.subscriptions.get(String(arn))?.needsAuthentication !== false)
    throw new ServiceError('AuthorizationError', 'This subscription requires authentication', 403);
  state.subscriptions.delete(String(arn));
  return {};
}
