import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { isMapping, list, type Mapping, mapping, optionalText } from '../json.ts';
import type { Resource, Stack } from '../stack/stack.ts';
import { compileFilterPolicy, type Notice } from './filter-policy.ts';

export interface Mail {
  readonly to: string;
  /** The topic's ARN. */
  readonly topic: string;
  readonly subject: string;
  readonly text: string;
}

export interface TopicOptions {
  readonly stack: Stack;
  readonly clock: Clock;
  readonly mail: (mail: Mail) => void;
  readonly enqueue: (functionId: string, payload: unknown) => void;
  /** Told of each queue that the account itself delivers to. */
  readonly arrive: (queueUrl: string) => void;
}

export interface Topics {
  /** Delivers what a Publish call carried to the template's subscriptions by mail and to functions. */
  published(input: Mapping, output: Mapping): void;
  /** The same of a PublishBatch call. */
  batchPublished(input: Mapping, output: Mapping): void;
}

interface Published extends Notice {
  readonly topic: string;
  readonly id: string;
  readonly subject: string | undefined;
}

type Receive = (published: Published) => void;

/** What SNS writes when a notice has no subject. */
const defaultSubject = 'AWS Notification Message';

export function createTopics(options: TopicOptions): Topics {
  const subscriptions = options.stack.ofType('AWS::SNS::Subscription').map((subscription) => ({
    topic: String(subscription.properties.TopicArn),
    receive: receiver(subscription, options),
  }));
  const publish = (published: Published): void => {
    for (const { topic, receive } of subscriptions) if (topic === published.topic) receive(published);
  };
  return {
    published: (input, output) => publish(read(input, input.TopicArn, output.MessageId)),
    batchPublished: (input, output) => {
      const accepted = new Map(
        list(output.Successful).map((one) => [mapping(one).Id, mapping(one).MessageId]),
      );
      for (const entry of list(input.PublishBatchRequestEntries).map(mapping)) {
        if (accepted.has(entry.Id)) publish(read(entry, input.TopicArn, accepted.get(entry.Id)));
      }
    },
  };
}

function read(input: Mapping, topic: unknown, id: unknown): Published {
  return {
    topic: String(topic),
    id: optionalText(id) ?? randomUUID(),
    subject: optionalText(input.Subject),
    message: String(input.Message),
    attributes: attributesOf(input.MessageAttributes),
  };
}

/** The query protocol carries a map as a list of names and values. */
function attributesOf(attributes: unknown): Mapping {
  if (!Array.isArray(attributes)) return mapping(attributes);
  return Object.fromEntries(
    attributes.filter(isMapping).map((one) => [String(one.Name ?? one.key), one.Value ?? one.value]),
  );
}

function receiver({ id, properties }: Resource, options: TopicOptions): Receive {
  const passes = compileFilterPolicy(properties.FilterPolicy, properties.FilterPolicyScope);
  const receive = protocols[String(properties.Protocol)];
  if (!receive)
    throw new Error(
      `${id} subscribes by ${properties.Protocol}, which local/wiring/sns-topics.ts does not know`,
    );
  return (published) => {
    if (passes(published)) receive(published, properties, options);
  };
}

type Protocol = (published: Published, subscription: Mapping, options: TopicOptions) => void;

const protocols: Readonly<Record<string, Protocol>> = {
  email: sendMail,
  'email-json': sendMail,
  lambda: (published, { Endpoint: arn }, { stack, clock, enqueue }) => {
    const lambda = stack.findByArn(String(arn));
    if (lambda) enqueue(lambda.id, toEvent(published, clock));
  },
  sqs: (_, { Endpoint: arn }, { stack, arrive }) => {
    const queue = stack.findByArn(String(arn));
    if (queue) arrive(stack.ref(queue.id));
  },
};

function sendMail(
  { topic, subject = defaultSubject, message }: Published,
  { Endpoint: to }: Mapping,
  { mail }: TopicOptions,
): void {
  mail({ to: String(to), topic, subject, text: message });
}

/** The event that SNS invokes a function with. */
function toEvent({ topic, id, subject, message, attributes }: Published, clock: Clock): object {
  const entries = Object.entries(attributes).map(([name, one]) => {
    const { DataType, StringValue, BinaryValue } = mapping(one);
    return [name, { Type: DataType, Value: StringValue ?? BinaryValue }];
  });
  const notice = {
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
      { EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn: `${topic}:${id}`, Sns: notice },
    ],
  };
}
