import { randomUUID } from 'node:crypto';
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
}

export interface TopicOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly mail: (mail: Mail) => void;
  readonly enqueue: (functionId: string, payload: unknown) => void;
  /** Called with the URL of each queue that moto delivers to. */
  readonly onQueueDelivery: (queueUrl: string) => void;
}

export interface Topics {
  /** Delivers the message of a Publish call to the email and Lambda subscriptions of the template. */
  publish(input: Mapping, output: Mapping): void;
  /** Does the same for a PublishBatch call. */
  publishBatch(input: Mapping, output: Mapping): void;
}

interface PublishedMessage extends TopicMessage {
  readonly topic: string;
  readonly id: string;
  readonly subject: string | undefined;
}

type Receive = (published: PublishedMessage) => void;

/** The subject that SNS uses if a message has none. */
const defaultSubject = 'AWS Notification Message';

export function createTopics(options: TopicOptions): Topics {
  const subscriptions = options.stack.ofType('AWS::SNS::Subscription').map((subscription) => ({
    topic: String(subscription.properties.TopicArn),
    receive: createReceiver(subscription, options),
  }));
  const publish = (published: PublishedMessage): void => {
    for (const { topic, receive } of subscriptions) if (topic === published.topic) receive(published);
  };
  return {
    publish: (input, output) => publish(parsePublish(input, input.TopicArn, output.MessageId)),
    publishBatch: (input, output) => {
      const accepted = new Map(
        list(output.Successful).map((one) => [mapping(one).Id, mapping(one).MessageId]),
      );
      for (const entry of list(input.PublishBatchRequestEntries).map(mapping)) {
        if (accepted.has(entry.Id)) publish(parsePublish(entry, input.TopicArn, accepted.get(entry.Id)));
      }
    },
  };
}

function parsePublish(input: Mapping, topic: unknown, id: unknown): PublishedMessage {
  return {
    topic: String(topic),
    id: optionalText(id) ?? randomUUID(),
    subject: optionalText(input.Subject),
    message: String(input.Message),
    attributes: parseAttributes(input.MessageAttributes),
  };
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
  return (published) => {
    if (passes(published)) receive(published, properties, options);
  };
}

type Protocol = (published: PublishedMessage, subscription: Mapping, options: TopicOptions) => void;

const protocols: Readonly<Record<string, Protocol>> = {
  email: sendMail,
  'email-json': sendMail,
  lambda: (published, { Endpoint: arn }, { stack, clock, enqueue }) => {
    const lambda = stack.findByArn(String(arn));
    if (lambda) enqueue(lambda.id, toSnsEvent(published, clock));
  },
  sqs: (_, { Endpoint: arn }, { stack, onQueueDelivery }) => {
    const queue = stack.findByArn(String(arn));
    if (queue) onQueueDelivery(stack.ref(queue.id));
  },
};

function sendMail(
  { topic, subject = defaultSubject, message }: PublishedMessage,
  { Endpoint: to }: Mapping,
  { mail }: TopicOptions,
): void {
  mail({ to: String(to), topic, subject, text: message });
}

/** The event with which SNS invokes a function. */
function toSnsEvent({ topic, id, subject, message, attributes }: PublishedMessage, clock: Clock): object {
  const entries = Object.entries(attributes).map(([name, one]) => {
    const { DataType, StringValue, BinaryValue } = mapping(one);
    return [name, { Type: DataType, Value: StringValue ?? BinaryValue }];
  });
  const notification = {
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
  return {
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: `${topic}:${id}`,
        Sns: notification,
      },
    ],
  };
}
