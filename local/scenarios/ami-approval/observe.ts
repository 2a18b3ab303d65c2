import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { Outcome, Scenario } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { newMails, subscribeApprovers } from './approvers.ts';
import { type Ami, type Build, ec2Client } from './builds.ts';

// The outcome, without random ids.

export async function observe(world: World, { amis }: Build): Promise<Outcome> {
  const found = await readRecords(world);
  const names = new Map(amis.map(({ id, region }) => [id, region]));
  return {
    state: {
      requests: found.filter(({ status }) => status !== undefined).map((one) => summarize(one, names)),
      findings: found.find(({ part }) => part === 'findings')?.counts,
      permissions: await Promise.all(amis.map((ami) => listPermissions(world, ami))),
      deadLetters: (await world.deadLetters()).length,
    },
    events: world.published().flatMap(describeEvent),
    effects: emulatedState(world, 'imagebuilder').answers.map(({ action, reason }) => `${action}: ${reason}`),
    mails: newMails(world).map(({ subject, to }) => `${subject} (${to})`),
    detail: {
      texts: newMails(world).map(({ text }) => text),
      records: found,
      chats: world.chats().map(({ text }) => JSON.parse(text)),
    },
  };
}

export interface StoredRecord {
  readonly image: string;
  readonly part: string;
  readonly status?: string;
  readonly open?: string;
  readonly round: number;
  readonly required: number;
  readonly why?: string;
  readonly counts?: object;
  readonly history: readonly { readonly what: string; readonly who?: string; readonly why?: string }[];
  readonly shares: Readonly<Record<string, { readonly result: string; readonly remarks: readonly string[] }>>;
}

async function readRecords(world: World): Promise<StoredRecord[]> {
  const command = new ScanCommand({ TableName: world.ref('Approvals') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only the wing writes this table
  const records = Items.map((item) => unmarshall(item) as StoredRecord);
  return records.filter(({ image }) => image !== 'approvers').sort((a, b) => a.part.localeCompare(b.part));
}

export interface RequestSummary {
  readonly part: string;
  readonly status: string;
  readonly isOpen: boolean;
  readonly round: number;
  readonly votes: readonly string[];
  readonly shares: readonly string[];
}

function summarize(record: StoredRecord, names: ReadonlyMap<string, string>): RequestSummary {
  const { part, status = '', open, round, history, shares } = record;
  return {
    part,
    status,
    isOpen: open !== undefined,
    round,
    votes: history.map(({ what, who, why }) => [who, what, why].filter(Boolean).join(' ')),
    shares: Object.entries(shares)
      .map(([id, { result }]) => `${names.get(id)}: ${result}`)
      .sort(),
  };
}

async function listPermissions(world: World, { region, id }: Ami): Promise<readonly string[]> {
  const ec2 = ec2Client(world, region);
  const launch = await ec2.send(
    new DescribeImageAttributeCommand({ ImageId: id, Attribute: 'launchPermission' }),
  );
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
  const SnapshotId = Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '';
  const volume = await ec2.send(
    new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' }),
  );
  return [
    ...(launch.LaunchPermissions ?? [])
      .map((one) => `launch: ${Object.values(one).filter(Boolean)[0]}`)
      .sort(),
    ...(volume.CreateVolumePermissions ?? []).map(({ UserId }) => `copy: ${UserId}`).sort(),
  ];
}

function describeEvent(event: object): string[] {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only the wing publishes these events
  const { 'detail-type': type, detail } = event as { 'detail-type': string; detail: { outcome?: string } };
  return type === 'AMI Approval Ended' ? [`ended: ${detail.outcome}`] : [];
}

interface ObservedState {
  readonly requests: readonly RequestSummary[];
  readonly findings?: object;
  readonly permissions: readonly (readonly string[])[];
  readonly deadLetters: number;
}

export function stateOf(outcome: Outcome): ObservedState {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return outcome.state as ObservedState;
}

export function firstRequest(outcome: Outcome): RequestSummary {
  const [first] = stateOf(outcome).requests;
  if (!first) throw new Error('There is no request');
  return first;
}

interface ChatNotification {
  readonly content: { readonly title: string; readonly description: string };
  readonly metadata: { readonly threadId: string };
}

export function detailOf({ detail }: Outcome): {
  readonly texts: readonly string[];
  readonly records: readonly StoredRecord[];
  readonly chats: readonly ChatNotification[];
} {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return detail as ReturnType<typeof detailOf>;
}

type ScenarioParts<S extends Build> = Omit<Scenario<S>, 'wing' | 'name' | 'observe'>;

/** A scenario in which every approver has confirmed their subscription before it begins. */
export function scenario<S extends Build>(name: string, parts: ScenarioParts<S>): Scenario<S> {
  return {
    wing: 'ami-approval',
    name,
    observe,
    ...parts,
    arrange: async (world) => {
      await subscribeApprovers(world);
      return parts.arrange(world);
    },
  };
}

/** The permissions of an AMI after its approval. */
export const SHARED_PERMISSIONS = [
  'launch: 111122223333',
  'launch: 444455556666',
  'launch: arn:aws:organizations::999999999999:organization/o-a1b2c3d4e5',
  'launch: arn:aws:organizations::999999999999:ou/o-a1b2c3d4e5/ou-f6g7-h8i9j0k1',
  'copy: 444455556666',
];
export const REQUEST_SUBJECT = 'Approve AMI web-server 1.4.0/7?';
export const SECOND_REQUEST_SUBJECT = `Round 2: ${REQUEST_SUBJECT}`;
export const OWNERS_MAIL = 'AMI web-server 1.4.0/7 is shared with you (owners@example.com)';

export function toAllApprovers(subject: string): string[] {
  return ['ann', 'ben', 'cem'].map((person) => `${subject} (${person}@example.com)`);
}
