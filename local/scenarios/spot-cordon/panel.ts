import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Html, html, nothing } from '#shared/html.ts';
import type { Action, Deadline, Panel } from '../../scenario-kit/panel.ts';
import { badge, count, countdown, empty, idLink } from '../../scenario-kit/panel-parts.ts';
import type { World } from '../../scenario-kit/world.ts';
import { interruptionWarning, rebalanceRecommendation, scheduledMaintenance, stateChange } from './events.ts';
import { MINUTE, readBusy, sendHeartbeat, type Worker } from './workers.ts';

// The fleet: each instance with the state of its cordon, the time that is left, and whether its worker is busy.

interface Cordon {
  readonly instanceId: string;
  readonly status: 'deferred' | 'cordoned' | 'uncordoning';
  readonly severity: string;
  readonly reason: string;
  readonly eventTime: number;
  readonly deadline?: number;
  readonly expiresAt?: number;
  readonly dueAt?: number;
  readonly group?: string;
  readonly steps: Readonly<Record<string, string>>;
  readonly drainedTargets?: readonly { readonly targets: readonly unknown[] }[];
  readonly orderedReplacement?: { readonly group: string; readonly orderedAt: number };
}

interface Member {
  readonly id: string;
  readonly type: string;
  readonly launchedAt: number;
  readonly isManaged: boolean;
  readonly isRunning: boolean;
  readonly group: string | undefined;
  readonly cordon: Cordon | undefined;
  /** Undefined: idle. */
  readonly busySince: number | undefined;
}

async function readCordons(world: World): Promise<readonly Cordon[]> {
  const command = new ScanCommand({ TableName: world.ref('Cordons') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only the wing writes this table
  return Items.map((item) => unmarshall(item) as Cordon).filter(
    ({ instanceId, status }) => instanceId && status,
  );
}

/** The members of Auto Scaling groups, and whatever else is cordoned. */
async function readFleet(world: World): Promise<readonly Member[]> {
  const [cordons, busy, groups, reply] = await Promise.all([
    readCordons(world),
    readBusy(world),
    world.client(AutoScalingClient).send(new DescribeAutoScalingGroupsCommand({})),
    world.client(EC2Client).send(new DescribeInstancesCommand({})),
  ]);
  const groupOf = new Map(
    (groups.AutoScalingGroups ?? []).flatMap(({ AutoScalingGroupName = '', Instances = [] }) =>
      Instances.map(({ InstanceId = '' }) => [InstanceId, AutoScalingGroupName] as const),
    ),
  );
  const cordonOf = new Map(cordons.map((one) => [one.instanceId, one]));
  return (reply.Reservations ?? [])
    .flatMap(({ Instances = [] }) => Instances)
    .map(({ InstanceId: id = '', InstanceType: type = '', LaunchTime, State, Tags = [] }) => ({
      ...{ id, type, launchedAt: LaunchTime?.getTime() ?? 0, isRunning: State?.Name === 'running' },
      isManaged: Tags.some(({ Key, Value }) => Key === 'groundcrew:managed' && Value === 'true'),
      group: groupOf.get(id) ?? cordonOf.get(id)?.group,
      cordon: cordonOf.get(id),
      busySince: busy.get(id),
    }))
    .filter(({ group, cordon, isRunning }) => (group !== undefined || cordon !== undefined) && isRunning);
}

const look: Panel['look'] = async (world) => {
  const now = world.clock.now();
  const fleet = await readFleet(world);
  const groups = [...new Set(fleet.map(({ group }) => group ?? 'in no group'))].sort();
  const cordoned = fleet.filter(({ cordon }) => cordon?.status === 'cordoned').length;
  const state =
    cordoned === 0
      ? `${count(fleet.length, 'instance')}, none cordoned`
      : `${cordoned} of ${fleet.length} cordoned`;
  const body =
    fleet.length === 0
      ? empty('No instance is in an Auto Scaling group.')
      : html`${groups.map((group) => renderGroup(group, fleet, now))}`;
  return {
    summary: `${state}${formatBusy(fleet)}`,
    tone: cordoned > 0 ? 'warn' : fleet.length === 0 ? 'quiet' : 'good',
    body,
    deadlines: fleet.flatMap(deadlinesOf),
  };
};

/** `, 2 busy`, or nothing. */
function formatBusy(members: readonly Member[]): string {
  const busy = members.filter(({ busySince }) => busySince !== undefined).length;
  return busy === 0 ? '' : `, ${busy} busy`;
}

function deadlinesOf({ id, cordon }: Member): readonly Deadline[] {
  if (!cordon) return [];
  const { deadline, expiresAt, dueAt } = cordon;
  return [
    ...(deadline === undefined ? [] : [{ at: deadline, what: `${shorten(id)} is reclaimed` }]),
    ...(deadline !== undefined || expiresAt === undefined
      ? []
      : [{ at: expiresAt, what: `${shorten(id)} is all clear` }]),
    ...(dueAt === undefined ? [] : [{ at: dueAt, what: `${shorten(id)} is cordoned` }]),
  ];
}

function shorten(id: string): string {
  return `${id.slice(0, 8)}…`;
}

const ranks: Readonly<Record<string, number>> = { interruption: 0, scheduled: 1, rebalance: 2 };

function renderGroup(name: string, fleet: readonly Member[], now: number): Html {
  const members = fleet.filter(({ group }) => (group ?? 'in no group') === name);
  const rankOf = ({ cordon }: Member): number => (cordon ? (ranks[cordon.severity] ?? 3) : 4);
  const serving = members.filter(({ cordon }) => cordon?.status !== 'cordoned').length;
  const ordered = members.flatMap(({ cordon }) => cordon?.orderedReplacement?.orderedAt ?? []);
  const sorted = members.toSorted((a, b) => rankOf(a) - rankOf(b) || a.launchedAt - b.launchedAt);
  return html`<p class="group"><b>${name}</b> <span class="quiet">${serving} in service${formatBusy(members)}</span></p>
<div class="tiles">${sorted.map((one) => renderMember(one, ordered, now))}</div>`;
}

function renderMember(member: Member, ordered: readonly number[], now: number): Html {
  const { id, type, busySince, cordon, launchedAt, isManaged } = member;
  if (cordon) return renderCordoned(member, cordon, now);
  // EC2 keeps whole seconds.
  const isReplacement = ordered.some((at) => launchedAt + 1000 > at);
  const inService = busySince === undefined ? html`in service` : nothing;
  const state = isReplacement ? badge('replacement', 'good') : inService;
  return html`<div class="tile${isReplacement ? ' new' : ''}"><p>${idLink(id, shorten(id))} <span class="quiet">${type}</span></p><p>${state} ${renderBusy(busySince, now)}</p>
${isManaged ? nothing : html`<p class="quiet">not managed</p>`}</div>`;
}

function renderBusy(since: number | undefined, now: number): Html {
  return since === undefined ? nothing : html`<b>busy ${Math.floor((now - since) / MINUTE)} min</b>`;
}

function renderCordoned({ id, type, busySince }: Member, cordon: Cordon, now: number): Html {
  const { status, severity, reason, deadline, eventTime, expiresAt, dueAt } = cordon;
  const tone = severity === 'interruption' ? 'bad' : 'warn';
  const until = status === 'deferred' ? dueAt : (deadline ?? expiresAt);
  const words =
    status === 'deferred' ? 'until the cordon' : deadline === undefined ? 'to the all-clear' : 'left';
  const time = until === undefined ? nothing : countdown({ now, until, from: eventTime, words });
  return html`<div class="tile wide ${tone}"><p class="line">${badge(status, tone)} ${idLink(id)} <span>${reason}</span> <span class="quiet">${type}</span> ${renderBusy(busySince, now)}</p>
${time}<p class="line">${stepsOf(cordon).map((one) => html`<span>✓ ${one}</span> `)}</p></div>`;
}

/** What is done, in words. */
function stepsOf({ steps, drainedTargets = [], orderedReplacement }: Cordon): readonly string[] {
  const targets = drainedTargets.reduce((sum, one) => sum + one.targets.length, 0);
  return [
    ...(steps['tag'] === undefined ? [] : ['tagged']),
    ...(steps['announce'] === undefined ? [] : ['announced']),
    ...(targets === 0 ? [] : [`drained from ${count(targets, 'target')}`]),
    ...(orderedReplacement === undefined ? [] : ['replacement ordered']),
  ];
}

/** An instance that is in service and in scope; idle if there is one. */
async function chooseInstance(world: World): Promise<Worker> {
  const found = (await readFleet(world))
    .flatMap(({ group, ...one }) => (group === undefined ? [] : [{ ...one, group }]))
    .filter(({ cordon, isManaged }) => cordon === undefined && isManaged);
  const chosen = found.find(({ busySince }) => busySince === undefined) ?? found[0];
  if (chosen) return chosen;
  throw new Error('Every instance is cordoned. Let the clock run, or reset the account.');
}

const actions: readonly Action[] = [
  {
    name: 'interrupt',
    label: 'Interrupt a Spot instance',
    effect: 'It is cordoned, drained and replaced within the two minutes.',
    handledBy: 'CordonInstances',
    run: async (world) => world.put(interruptionWarning(world, (await chooseInstance(world)).id)),
  },
  {
    name: 'rebalance',
    label: 'Recommend a rebalance',
    effect: 'It is cordoned, and uncordoned if nothing worse follows.',
    handledBy: 'CordonInstances',
    run: async (world) => world.put(rebalanceRecommendation(world, (await chooseInstance(world)).id)),
  },
  {
    name: 'maintain',
    label: 'Announce maintenance',
    effect: 'It is cordoned shortly before the maintenance begins.',
    handledBy: 'CordonInstances',
    run: async (world) => {
      const entities = [(await chooseInstance(world)).id];
      const startsAt = world.clock.now() + 5 * 86_400_000;
      const eventArn = `arn:aws:health:${world.region}::event/EC2/RETIREMENT/${crypto.randomUUID()}`;
      await world.put(scheduledMaintenance(world, { entities, startsAt, eventArn, statusCode: 'upcoming' }));
    },
  },
  {
    name: 'reclaim',
    label: 'EC2 reclaims what is interrupted',
    effect: 'The instances that were interrupted end, and their cordons with them.',
    handledBy: 'UncordonInstances',
    run: async (world) => {
      const ids = (await readFleet(world)).flatMap(({ id, cordon }) =>
        cordon?.severity === 'interruption' ? [id] : [],
      );
      if (ids.length === 0) throw new Error('Nothing is interrupted: interrupt an instance first.');
      await world.client(EC2Client).send(new TerminateInstancesCommand({ InstanceIds: ids }));
      await world.put(...ids.map((id) => stateChange(world, id, 'terminated')));
    },
  },
  {
    name: 'start-job',
    label: 'Start a job',
    effect: 'A worker is busy, and says so for 15 minutes: scale-in spares it.',
    run: async (world) => sendHeartbeat(world, await chooseInstance(world), 0),
  },
];

export const panel: Panel = { title: 'Fleet', rank: 1, look, actions };
