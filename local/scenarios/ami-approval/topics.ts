import { createHash } from 'node:crypto';
import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateTopicCommand,
  ListTopicsCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import type { Mail } from '../../wiring/sns-topics.ts';
import { followLink, forgetMails, newMails } from './approvers.ts';

// The topics and subscriptions of approvers, as the account has them.

export interface Observed {
  readonly approvers: readonly string[];
  readonly subscriptions: readonly string[];
  readonly topics: number;
}

/** One line for each approver that on-call hears of: a fault can split the mail into two. */
function summarizeMail({ subject, text, to }: Mail): readonly string[] {
  if (!subject.endsWith('cannot get mails')) return [`${subject} (${to})`];
  const addresses = [...text.matchAll(/^ {2}(\S+@\S+) /gm)].map(([, address]) => address);
  return addresses.map((address) => `${address} cannot get mails (${to})`);
}

export async function observe(world: World): Promise<Outcome> {
  const mails = newMails(world);
  const { Topics = [] } = await world.client(SNSClient).send(new ListTopicsCommand({}));
  const state: Observed = {
    approvers: (await readApprovers(world)).map(({ address, status }) => `${address} ${status}`),
    subscriptions: [...emulatedState(world, 'sns').subscriptions.values()]
      .map(({ endpoint, isConfirmed }) => `${endpoint} ${isConfirmed ? 'confirmed' : 'pending'}`)
      .sort(),
    topics: Topics.filter(({ TopicArn = '' }) => TopicArn.includes('-approver-')).length,
  };
  return {
    state,
    mails: mails.flatMap(summarizeMail),
    detail: mails.map(({ text }) => text),
  };
}

interface Approver {
  readonly image: string;
  readonly address: string;
  readonly status: string;
}

async function readApprovers(world: World): Promise<Approver[]> {
  const { Items = [] } = await world
    .client(DynamoDBClient)
    .send(new ScanCommand({ TableName: world.ref('Approvals') }));
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only the wing writes this table
  const records = Items.map((item) => unmarshall(item) as Approver);
  return records
    .filter(({ image }) => image === 'approvers')
    .sort((a, b) => a.address.localeCompare(b.address));
}

export function stateOf(outcome: Outcome): Observed {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return outcome.state as Observed;
}

export function textsOf({ detail }: Outcome): string {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (detail as readonly string[]).join('\n');
}

/** The ARN of the topic to which a person is subscribed. */
export function topicOf(world: World, person: string): string {
  const found = [...emulatedState(world, 'sns').subscriptions.values()].find(
    ({ endpoint }) => endpoint === `${person}@example.com`,
  );
  return found?.topicArn ?? '';
}

export function imageArnOf({ accountId, region }: World): string {
  return `arn:aws:imagebuilder:${region}:${accountId}:image/web-server/1.4.0/7`;
}

/** Dan was an approver before, and still has a topic and a record. */
export async function addDeparted(world: World): Promise<void> {
  const part = createHash('sha256').update('dan@example.com').digest('hex').slice(0, 32);
  const Name =
    topicOf(world, 'ann')
      .split(':')
      .at(-1)
      ?.replace(/[0-9a-f]{32}$/, part) ?? '';
  const sns = world.client(SNSClient);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'dan@example.com' }));
  await followLink(world, 'dan', 'ConfirmSubscription');
  const record = {
    image: 'approvers',
    part,
    address: 'dan@example.com',
    status: 'confirmed',
    since: 0,
    revision: '1',
  };
  const command = new PutItemCommand({ TableName: world.ref('Approvals'), Item: marshall(record) });
  await world.client(DynamoDBClient).send(command);
  forgetMails(world);
}

/** An administrator replaces the policy of the topic and subscribes Eve, who confirms. */
export async function subscribeEve(world: World, person: string): Promise<void> {
  const sns = world.client(SNSClient);
  const TopicArn = topicOf(world, person);
  const AttributeValue = JSON.stringify({ Version: '2012-10-17', Statement: [] });
  await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'eve@example.com' }));
  await followLink(world, 'eve', 'ConfirmSubscription');
  forgetMails(world);
}
