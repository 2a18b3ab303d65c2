import { randomUUID } from 'node:crypto';
import type { SuccessfulCall } from '../account/gateway-state.ts';
import type { MailSubscription, QueueSubscription } from '../account/services/sns/topics.ts';
import type { Caller } from '../account/types.ts';
import type { Clock } from '../clock.ts';
import { isMapping, list, type Mapping, mapping, optionalText } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { compileFilterPolicy, type TopicMessage } from './filter-policy.ts';

export interface Mail {
  readonly to: string;
  /** The ARN of the topic. */
  readonly topic: string;
  readonly subject: string;
  readonly text: string;
  /** Undefined for the mails of SNS itself. */
  readonly publishedBy?: Caller;
}

/** A message for Amazon Q Developer in chat applications, as it was published. */
export interface Chat {
  /** The ARN of the topic. */
  readonly topic: string;
  readonly text: string;
  readonly publishedBy: Caller;
}

export interface TopicOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly mail: (mail: Mail) => void;
  readonly chat: (chat: Chat) => void;
  readonly enqueue: (functionId: string, payload: unknown) => void;
  readonly sendToQueue: (queueUrl: string, body: string, attributes: Attributes) => Promise<void>;
  /** Where the account answers. */
  readonly endpoint: string;
  /** The subscriptions of mailboxes that were made by a call. Those of the template are confirmed. */
  readonly findMailSubscriptions: (topicArn: string) => readonly MailSubscription[];
  /** The subscriptions of queues that were made by a call. */
  readonly findQueueSubscriptions: (topicArn: string) => readonly QueueSubscription[];
}

type Attributes = Readonly<Record<string, string>>;

export interface Topics {
  /** Delivers the message of a Publish call to the subscriptions. Mailboxes must have confirmed theirs. */
  publish(call: SuccessfulCall): Promise<void>;
  /** Mails the link that confirms a new subscription. */
  askToConfirm(input: Mapping): void;
  /** Does the same for a PublishBatch call. */
  publishBatch(call: SuccessfulCall): Promise<void>;
}

interface PublishedMessage extends TopicMessage {
  readonly topic: string;
  readonly id: string;
  readonly subject: string | undefined;
  /** Texts for single protocols, instead of the message. */
  readonly texts: Mapping;
  readonly publishedBy: Caller;
}

type Receive = (published: PublishedMessage) => void | Promise<void>;

/** The subject that SNS uses if a message has none. */
const defaultSubject = 'AWS Notification Message';

export function createTopics(options: TopicOptions): Topics {
  const subscriptions = [
    ...options.stack.ofType('AWS::SNS::Subscription').map((subscription) => ({
      topic: String(subscription.properties.TopicArn),
      receive: createReceiver(subscription, options),
    })),
    ...chatChannels(options),
  ];
  const publish = async (published: PublishedMessage): Promise<void> => {
    for (const { topic, receive } of subscriptions) if (topic === published.topic) await receive(published);
    for (const one of options.findMailSubscriptions(published.topic))
      if (one.isConfirmed) sendMailWithLink(forProtocol(published, 'email'), one, options);
    for (const { queueArn, isRaw } of options.findQueueSubscriptions(published.topic))
      await sendToQueue(
        forProtocol(published, 'sqs'),
        { Endpoint: queueArn, RawMessageDelivery: isRaw },
        options,
      );
  };
  return {
    publish: ({ input, output, caller }) =>
      publish({ ...parsePublish(input, input.TopicArn, output.MessageId), publishedBy: caller }),
    askToConfirm: ({ Endpoint, Protocol, TopicArn }) => {
      const found = options.findMailSubscriptions(String(TopicArn)).find((one) => one.endpoint === Endpoint);
      if (Protocol === 'email' && found && !found.isConfirmed) sendConfirmation(found, options);
    },
    publishBatch: async ({ input, output, caller }) => {
      const accepted = new Map(
        list(output.Successful).map((one) => [mapping(one).Id, mapping(one).MessageId]),
      );
      for (const entry of list(input.PublishBatchRequestEntries).map(mapping)) {
        if (accepted.has(entry.Id)) {
          const parsed = parsePublish(entry, input.TopicArn, accepted.get(entry.Id));
          await publish({ ...parsed, publishedBy: caller });
        }
      }
    },
  };
}

/** Nobody configures a channel on this machine: one shows whatever arrives at a topic for chat. */
function chatChannels({ stack, chat }: TopicOptions): readonly { topic: string; receive: Receive }[] {
  return stack
    .ofType('AWS::SNS::Topic')
    .filter(({ id }) => id.endsWith('ChatNotifications'))
    .map(({ id }) => ({
      topic: stack.ref(id),
      receive: ({ topic, message, publishedBy }) => chat({ topic, text: message, publishedBy }),
    }));
}

function parsePublish(input: Mapping, topic: unknown, id: unknown): Omit<PublishedMessage, 'publishedBy'> {
  return {
    topic: String(topic),
    id: optionalText(id) ?? randomUUID(),
    subject: optionalText(input.Subject),
    ...parseMessage(input),
    attributes: parseAttributes(input.MessageAttributes),
  };
}

/** With MessageStructure, a message is an object with a text for each protocol and a default (API reference, Publish). */
function parseMessage({ Message, MessageStructure }: Mapping): Pick<PublishedMessage, 'message' | 'texts'> {
  if (MessageStructure !== 'json') return { message: String(Message), texts: {} };
  const texts = mapping(JSON.parse(String(Message)));
  return { message: String(texts.default), texts };
}

function forProtocol(published: PublishedMessage, protocol: string): PublishedMessage {
  return { ...published, message: optionalText(published.texts[protocol]) ?? published.message };
}

/** The query protocol encodes a map as a list of names and values. */
function parseAttributes(attributes: unknown): Mapping {
  if (!Array.isArray(attributes)) return mapping(attributes);
  return Object.fromEntries(
    attributes.filter(isMapping).map((one) => [String(one.Name ?? one.key), one.Value ?? one.value]),
  );
}

function createReceiver({ id, properties }: Resource, options: TopicOptions): Receive {
  const passes = compileFilterPolicy(properties.FilterPolicy, properties.FilterPolicyScope);
  const receive = protocols[String(properties.Protocol)];
  if (!receive)
    throw new Error(
      `${id} subscribes through ${properties.Protocol}. Add this protocol to local/wiring/sns-topics.ts.`,
    );
  return async (published) => {
    if (passes(published))
      await receive(forProtocol(published, String(properties.Protocol)), properties, options);
  };
}

type Protocol = (
  published: PublishedMessage,
  subscription: Mapping,
  options: TopicOptions,
) => void | Promise<void>;

const protocols: Readonly<Record<string, Protocol>> = {
  email: sendMail,
  'email-json': sendMail,
  lambda: (published, { Endpoint: arn }, { stack, clock, enqueue }) => {
    const lambda = stack.findByArn(String(arn));
    if (lambda) enqueue(lambda.id, toSnsEvent(published, clock));
  },
  sqs: sendToQueue,
};

/** With raw delivery a queue gets the message itself, and its attributes as attributes of the queue's message. */
async function sendToQueue(
  published: PublishedMessage,
  { Endpoint: arn, RawMessageDelivery: raw }: Mapping,
  { clock, endpoint, sendToQueue: send }: TopicOptions,
): Promise<void> {
  const [, , , , account, name] = String(arn).split(':');
  const isRaw = String(raw) === 'true';
  const body = isRaw ? published.message : JSON.stringify(toNotification(published, clock));
  await send(`${endpoint}/${account}/${name}`, body, isRaw ? textAttributes(published.attributes) : {});
}

function textAttributes(attributes: Mapping): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, one]) => [name, String(mapping(one).StringValue)]),
  );
}

function sendMail(
  { topic, subject = defaultSubject, message, publishedBy }: PublishedMessage,
  { Endpoint: to }: Mapping,
  { mail }: TopicOptions,
): void {
  mail({ to: String(to), topic, subject, text: message, publishedBy });
}

/** SNS adds a link to every mail. Everyone who follows it unsubscribes the mailbox, also a scanner. */
function sendMailWithLink(
  { topic, subject = defaultSubject, message, publishedBy }: PublishedMessage,
  { arn, endpoint: to }: MailSubscription,
  { endpoint, mail }: TopicOptions,
): void {
  const link = `${endpoint}/?${new URLSearchParams({ Action: 'Unsubscribe', SubscriptionArn: arn })}`;
  const footer = `--\nTo stop receiving notifications from this topic, visit the link below to unsubscribe:\n${link}`;
  mail({ to, topic, subject, text: `${message}\n\n${footer}`, publishedBy });
}

function sendConfirmation(
  { endpoint: to, token, topicArn: topic }: MailSubscription,
  { endpoint, mail }: TopicOptions,
): void {
  const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topic, Token: token });
  const text = `You have chosen to subscribe to the topic:\n${topic}\n\nTo confirm this subscription, visit the link below:\n${endpoint}/?${query}`;
  mail({ to, topic, subject: 'AWS Notification - Subscription Confirmation', text });
}

function toNotification({ topic, id, subject, message, attributes }: PublishedMessage, clock: Clock): object {
  const entries = Object.entries(attributes).map(([name, one]) => {
    const { DataType, StringValue, BinaryValue } = mapping(one);
    return [name, { Type: DataType, Value: StringValue ?? BinaryValue }];
  });
  return {
    Type: 'Notification',
    MessageId: id,
    TopicArn: topic,
    Subject: subject ?? null,
    Message: message,
    Timestamp: new Date(clock.now()).toISOString(),
    SignatureVersion: '1',
    Signature: 'local',
    SigningCertUrl: 'https://sns.eu-west-1.amazonaws.com/local.pem',
    UnsubscribeUrl: 'https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe',
    MessageAttributes: Object.fromEntries(entries),
  };
}

/** The event with which SNS invokes a function. */
function toSnsEvent(published: PublishedMessage, clock: Clock): object {
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: `${published.topic}:${published.id}`,
        Sns: toNotification(published, clock),
      },
    ],
  };
}
