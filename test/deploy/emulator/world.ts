import { request } from 'node:http';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { accountId, region } from '../../../local/account/account.ts';
import { readBody } from '../../../local/account/proxy.ts';
import { createClock } from '../../../local/clock.ts';
import { type Mapping, mapping, optionalText } from '../../../local/json.ts';
import type { World } from '../../../local/scenario-kit/world.ts';
import type { Mail } from '../../../local/wiring/sns-topics.ts';
import type { EmulatedAccount } from './account.ts';

export interface DeployedWorld extends World {
  /** Delivers what is published to a topic of the stack to the mailbox. */
  subscribe(topicId: string): Promise<void>;
  /** Delivers what SNS mails from now on to the mailbox. */
  openMailbox(): Promise<void>;
  /** Reads new mails. `mails()` then has all of them. */
  receive(): Promise<void>;
}

/** `ref` finds a physical id by its logical id. Of the world of the local account it lacks what needs a clock of ours. */
export function createWorld(account: EmulatedAccount, ref: (logicalId: string) => string): DeployedWorld {
  const mailbox = createMailbox(account, ref);
  const put = (events: readonly object[]): Promise<void> => putEvents(account, events);
  account.setPublisher((event) => put([event]));
  return {
    clock: createClock(),
    region,
    accountId,
    ref,
    client: account.client,
    put: (...events) => put(events),
    invoke: (id, payload) => invoke(account, ref(id), payload),
    serviceState: account.serviceState,
    folderOf: () => join(account.ministack.fileSystems, ref('BuildAccessPoint')),
    http: (path, init) => fetchPage(account, mailbox.pageHost(), path, init),
    mails: mailbox.mails,
    subscribe: mailbox.subscribe,
    openMailbox: mailbox.open,
    receive: mailbox.receive,
    ...refuseAll(
      'fire',
      'invokeAsync',
      'advance',
      'published',
      'chats',
      'deadLetters',
      'calls',
      'throttle',
      'stall',
      'delayReads',
      'failCall',
      'variableOf',
    ),
    settle: async () => {}, // MiniStack delivers by itself: tests wait for the effect
  };
}

type Refused =
  | 'fire'
  | 'invokeAsync'
  | 'advance'
  | 'published'
  | 'chats'
  | 'deadLetters'
  | 'calls'
  | 'throttle'
  | 'stall'
  | 'delayReads'
  | 'failCall'
  | 'variableOf';

/** Helpers of scenarios that need one of these do not fit a deployed stack. */
function refuseAll<Name extends Refused>(...names: readonly Name[]): Record<Name, () => never> {
  const refuse = (name: Name) => (): never => {
    throw new Error(`A deployed stack has no ${name}`);
  };
  return Object.fromEntries(names.map((name) => [name, refuse(name)])) as Record<Name, () => never>;
}

async function putEvents(account: EmulatedAccount, events: readonly object[]): Promise<void> {
  const Entries = events.map(mapping).map((event) => ({
    Source: String(event['source']),
    DetailType: String(event['detail-type']),
    Detail: JSON.stringify(event['detail']),
    Resources: Array.isArray(event['resources']) ? event['resources'].map(String) : [],
  }));
  const reply = await account.client(EventBridgeClient).send(new PutEventsCommand({ Entries }));
  if (reply.FailedEntryCount) throw new Error(`The bus refuses an event: ${JSON.stringify(reply.Entries)}`);
}

async function invoke(account: EmulatedAccount, FunctionName: string, payload: unknown): Promise<unknown> {
  const command = new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) });
  const { FunctionError, Payload } = await account.client(LambdaClient).send(command);
  const text = Payload?.transformToString() ?? '';
  if (FunctionError) throw new Error(`${FunctionName} fails: ${text}`);
  return JSON.parse(text || 'null');
}

type Mailbox = Pick<DeployedWorld, 'mails' | 'subscribe' | 'receive'> & {
  open(): Promise<void>;
  pageHost(): string;
};

/** MiniStack sends no mail, so a queue gets what a topic, or all email subscriptions, would get. */
function createMailbox(account: EmulatedAccount, ref: (logicalId: string) => string): Mailbox {
  const mails: Mail[] = [];
  const queues: string[] = [];
  const sqs = account.client(SQSClient);
  return {
    mails: () => mails,
    pageHost: () => {
      const host = mails
        .map(({ text }) => /^https?:\/\/([^/\s]+)\/approvals\//m.exec(text)?.[1])
        .find(Boolean);
      if (host === undefined) throw new Error('There is no mail with a link');
      return host;
    },
    subscribe: async (topicId) => {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `mailbox-${topicId}` }));
      const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
      const Endpoint = (await sqs.send(asked)).Attributes?.['QueueArn'];
      const TopicArn = ref(topicId);
      await account.client(SNSClient).send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
      if (QueueUrl !== undefined) queues.push(QueueUrl);
    },
    open: async () => {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'mailbox-mails' }));
      if (QueueUrl !== undefined) queues.push(QueueUrl);
    },
    receive: async () => {
      for (const QueueUrl of queues) mails.push(...(await receiveMails(sqs, QueueUrl)));
    },
  };
}

async function receiveMails(sqs: SQSClient, QueueUrl: string): Promise<Mail[]> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages)
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body = '{}' }) => toMail(mapping(JSON.parse(Body))));
}

function toMail({ To, TopicArn, Subject, Message }: Mapping): Mail {
  return {
    to: optionalText(To) ?? '',
    topic: String(TopicArn),
    subject: String(Subject),
    text: String(Message),
  };
}

/** Sends the name of the API's host to MiniStack, because no resolver knows it. */
function fetchPage(
  account: EmulatedAccount,
  host: string,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  const { method = 'GET', body } = init ?? {};
  const type = body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  return new Promise((resolve, reject) => {
    const headers = { ...type, host };
    const outgoing = request(new URL(path, account.ministack.url), { method, headers }, (incoming) => {
      const { statusCode: status = 500 } = incoming;
      readBody(incoming).then(
        (read) => resolve(new Response(read.length > 0 ? read : null, { status })),
        reject,
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body?.toString());
  });
}
