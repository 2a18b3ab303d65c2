import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { describeInstances, describeMembers, listTargets } from '../../scenario-kit/fleet.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';

// The outcome, without ids, addresses and times.

export const CORDON = 'groundcrew:cordon';
export const GROUP = 'workers';

export interface Fleet {
  readonly ids: readonly string[];
  readonly targetGroups?: readonly string[];
}

/** Instances are named by their order, because ids and addresses differ in every run. */
export async function observe(world: World, { ids, targetGroups = [] }: Fleet): Promise<Outcome> {
  const names = new Map(ids.map((id, i) => [id, `instance ${i + 1}`]));
  const states = await describeInstances(world, ids);
  for (const [id, { privateIp }] of states) names.set(privateIp, `${names.get(id)} by ip`);
  const fleet = await describeMembers(world, GROUP);
  const found = await readRecords(world);
  return {
    state: {
      tags: ids.map((id) => states.get(id)?.tags[CORDON] ?? 'none'),
      targets: await Promise.all(
        targetGroups.map(async (arn) =>
          (await listTargets(world, arn)).map((one) => renameTarget(one, names)).sort(),
        ),
      ),
      group: {
        size: fleet.length,
        ours: ids.map((id) => describeMember(fleet.find((one) => one.id === id))),
      },
      records: found
        .map(({ instance, severity, status, steps }) => ({
          instance: names.get(instance) ?? instance,
          severity,
          status,
          steps: Object.keys(steps).sort(),
        }))
        .sort((a, b) => a.instance.localeCompare(b.instance)),
      deadLetters: (await world.deadLetters()).length,
    },
    events: world
      .published()
      .filter((event) => toEnvelope(event)['detail-type'] !== 'Cordon Due')
      .map((event) => describeEvent(event, names)),
    effects: fleet.filter(({ id }) => !ids.includes(id)).map(() => 'replacement'),
    mails: world.mails().map(({ subject }) => subject),
    detail: { steps: found.map(({ steps }) => steps) },
  };
}

function renameTarget(target: string, names: ReadonlyMap<string, string>): string {
  const [id = '', port] = target.split(':');
  return `${names.get(id) ?? 'another'}:${port}`;
}

function describeMember(member: Awaited<ReturnType<typeof describeMembers>>[number] | undefined): string {
  return member ? `${member.state}${member.isProtected ? ', protected' : ''}` : 'out';
}

function describeEvent(event: object, names: ReadonlyMap<string, string>): string {
  const { 'detail-type': type, detail } = toEnvelope(event);
  return `${type}: ${names.get(detail.instanceId ?? '')}, ${detail.severity}, ${detail.action}`;
}

interface Envelope {
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, string>>;
}

function toEnvelope(event: object): Envelope {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only the wing publishes these events
  return event as Envelope;
}

interface CordonRecordSummary {
  readonly instance: string;
  readonly severity: string;
  readonly status: string;
  readonly steps: Readonly<Record<string, string>>;
}

export async function readRecords(world: World): Promise<CordonRecordSummary[]> {
  const { Items } = await world
    .client(DynamoDBClient)
    .send(new ScanCommand({ TableName: world.ref('Cordons') }));
  return (Items ?? [])
    .map((item) => ({
      instance: item.instanceId?.S ?? '',
      severity: item.severity?.S ?? '',
      status: item.status?.S ?? '',
      steps: Object.fromEntries(Object.entries(item.steps?.M ?? {}).map(([step, { S }]) => [step, S ?? ''])),
    }))
    .sort((a, b) => a.instance.localeCompare(b.instance));
}

/** The state of an outcome. */
interface ObservedState {
  readonly tags: readonly string[];
  readonly targets: readonly (readonly string[])[];
  readonly group: { readonly size: number; readonly ours: readonly string[] };
  readonly records: readonly (Omit<CordonRecordSummary, 'steps'> & { readonly steps: readonly string[] })[];
  readonly deadLetters: number;
}

export function stateOf(outcome: Outcome): ObservedState {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return outcome.state as ObservedState;
}

/** The result of each step in the first record. */
export function stepsOf({ detail }: Outcome): Readonly<Record<string, string>> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observe` created it
  return (detail as { steps: readonly Record<string, string>[] }).steps[0] ?? {};
}
