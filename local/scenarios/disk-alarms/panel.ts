import {
  CloudWatchClient,
  GetMetricDataCommand,
  ListMetricsCommand,
  type Metric,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { type Html, html, nothing } from '#shared/html.ts';
import type { Action, Panel, Tone } from '../../scenario-kit/panel.ts';
import { badge, count, empty, idLink } from '../../scenario-kit/panel-parts.ts';
import type { World } from '../../scenario-kit/world.ts';
import { recovery, stateChange } from './events.ts';
import { listAlarms, PREFIX } from './observe.ts';
import { reportLinux, runServers } from './servers.ts';

// Disks as bars, with the thresholds of their alarms as ticks.

interface Disk {
  readonly instanceId: string;
  readonly server: string;
  readonly mount: string;
  readonly usedPercent: number;
  readonly sizeGb: number;
  readonly thresholds: Thresholds | undefined;
}

/** In per cent of used space. */
interface Thresholds {
  readonly critical: number;
  readonly warning?: number;
}

const GB = 2 ** 30;
const DAY_MS = 86_400_000;

async function readDisks(world: World): Promise<readonly Disk[]> {
  const [metrics, alarms, names] = await Promise.all([
    readAgentMetrics(world),
    listAlarms(world),
    readNames(world),
  ]);
  const thresholds = new Map(alarms.map((one) => [one.AlarmName ?? '', one]));
  return metrics.flatMap(({ metric, value, bytes }): Disk[] => {
    const instanceId = dimension(metric, 'InstanceId');
    const mount = dimension(metric, 'path');
    const server = names.get(instanceId);
    if (server === undefined) return [];
    const critical = thresholds.get(`${PREFIX}${instanceId}-critical-${mount}`)?.Threshold;
    const warning = warningLevel(
      thresholds.get(`${PREFIX}${instanceId}-warning-${mount}`)?.Metrics?.[0]?.Expression,
    );
    const known =
      critical === undefined ? undefined : { critical, ...(warning !== undefined && { warning }) };
    return [{ instanceId, server, mount, usedPercent: value, sizeGb: bytes / GB, thresholds: known }];
  });
}

/** The warning is off while the disk is critical, so its alarm has both: `IF(used > 90, -1, IF(used > 85, 1, 0))`. */
function warningLevel(expression = ''): number | undefined {
  const [, level] = /IF\(used > ([\d.]+), 1,/.exec(expression) ?? [];
  return level === undefined ? undefined : Number(level);
}

const dimension = ({ Dimensions = [] }: Metric, name: string): string =>
  Dimensions.find(({ Name }) => Name === name)?.Value ?? '';

interface AgentMetric {
  readonly metric: Metric;
  readonly value: number;
  readonly bytes: number;
}

async function readAgentMetrics(world: World): Promise<readonly AgentMetric[]> {
  const client = world.client(CloudWatchClient);
  const { Metrics = [] } = await client.send(new ListMetricsCommand({ Namespace: 'CWAgent' }));
  const series = Metrics.filter(({ MetricName }) => MetricName === 'disk_used_percent').slice(0, 100);
  if (series.length === 0) return [];
  const now = world.clock.now();
  const queries = series.flatMap((metric, i) => [
    { id: `used${i}`, metric },
    { id: `total${i}`, metric: { ...metric, MetricName: 'disk_total' } },
  ]);
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - DAY_MS),
      EndTime: new Date(now + 60_000),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: queries.map(({ id, metric: Metric }) => ({
        Id: id,
        MetricStat: { Metric, Period: 60, Stat: 'Maximum' },
      })),
    }),
  );
  const values = new Map(MetricDataResults.map(({ Id = '', Values = [] }) => [Id, Values[0]]));
  return series.flatMap((metric, i) => {
    const value = values.get(`used${i}`);
    return value === undefined ? [] : [{ metric, value, bytes: values.get(`total${i}`) ?? 0 }];
  });
}

/** The names of the servers that run. */
async function readNames(world: World): Promise<ReadonlyMap<string, string>> {
  const { Reservations = [] } = await world.client(EC2Client).send(new DescribeInstancesCommand({}));
  const running = Reservations.flatMap(({ Instances = [] }) => Instances).filter(
    ({ State }) => State?.Name === 'running',
  );
  return new Map(
    running.map(({ InstanceId = '', Tags = [] }) => [
      InstanceId,
      Tags.find(({ Key }) => Key === 'Name')?.Value ?? InstanceId,
    ]),
  );
}

interface DiskState {
  readonly word: string;
  readonly tone: Tone;
}

function stateOf({ thresholds, usedPercent }: Disk): DiskState {
  if (!thresholds) return { word: 'not watched', tone: 'quiet' };
  if (usedPercent > thresholds.critical) return { word: 'critical', tone: 'bad' };
  if (thresholds.warning !== undefined && usedPercent > thresholds.warning)
    return { word: 'warning', tone: 'warn' };
  return { word: 'OK', tone: 'good' };
}

const look: Panel['look'] = async (world) => {
  const disks = await readDisks(world);
  const states = disks.map(stateOf);
  const [bad, warned, unwatched] = (['bad', 'warn', 'quiet'] as const).map(
    (tone) => states.filter((one) => one.tone === tone).length,
  );
  const problems = [
    ...(bad ? [`${bad} critical`] : []),
    ...(warned ? [`${warned} warning`] : []),
    ...(unwatched ? [`${unwatched} not watched`] : []),
  ];
  return {
    summary: problems.length > 0 ? problems.join(', ') : `${count(disks.length, 'disk')}, all OK`,
    tone: bad ? 'bad' : warned ? 'warn' : disks.length === 0 || unwatched ? 'quiet' : 'good',
    body:
      disks.length === 0
        ? empty('No CloudWatch agent has sent anything.')
        : html`<ul class="disks">${disks.map(renderDisk)}</ul>`,
  };
};

function renderDisk(disk: Disk): Html {
  const { instanceId, mount, server, sizeGb, thresholds } = disk;
  const { word, tone } = stateOf(disk);
  const free = Math.round(100 - disk.usedPercent);
  const levels = thresholds
    ? levelsOf(thresholds)
    : 'Its alarms are created when the server starts, or by the sweep';
  return html`<li class="${tone}"><span class="mount">${idLink(instanceId, server)} <b>${mount}</b><br><span class="words">${Math.round(sizeGb)} GB</span></span>
<span class="gauge">${renderGauge(disk)}<span class="words">${free} % free. ${levels}.</span></span>${badge(word, tone)}</li>`;
}

function levelsOf({ critical, warning }: Thresholds): string {
  const warned = warning === undefined ? '' : `Warning below ${Math.round(100 - warning)} %, `;
  return `${warned}${warned ? 'critical' : 'Critical'} below ${Math.round(100 - critical)} %`;
}

/** The used part from the left, and a tick where each alarm goes off. */
function renderGauge({ thresholds, usedPercent }: Disk): Html {
  const tick = (at: number | undefined, kind: string): Html =>
    at === undefined ? nothing : html`<line class="tick ${kind}" x1="${at}%" x2="${at}%" y1="1" y2="21"/>`;
  return html`<svg role="img" aria-label="${Math.round(usedPercent)} % used"><rect class="track" x="0" y="5" width="100%" height="12" rx="6"/>
<rect class="used" x="0" y="5" width="${usedPercent}%" height="12" rx="6"/>${tick(thresholds?.warning, 'first')}${tick(thresholds?.critical, 'second')}</svg>`;
}

/** Every disk of a server as it is, except `mount`. */
async function report(world: World, mount: string, free: number): Promise<void> {
  const disks = (await readDisks(world)).filter(({ server }) => server === 'db-1');
  const [{ instanceId } = { instanceId: '' }] = disks;
  if (!disks.some((one) => one.mount === mount))
    throw new Error(`There is no disk ${mount} on db-1. Reset the account.`);
  await reportLinux(
    world,
    instanceId,
    disks.map((one) => ({
      ...{ mount: one.mount, sizeGb: one.sizeGb, device: one.mount === '/' ? 'nvme0n1p1' : 'nvme1n1' },
      free: one.mount === mount ? free : 100 - one.usedPercent,
    })),
  );
}

/** Nothing evaluates alarms on this machine, so the state is set, as the evaluation would. */
async function setAlarm(
  world: World,
  StateValue: 'ALARM' | 'OK',
  values: readonly number[],
): Promise<string> {
  const disk = (await readDisks(world)).find(({ server, mount }) => server === 'db-1' && mount === '/data');
  const AlarmName = `${PREFIX}${disk?.instanceId}-critical-/data`;
  const StateReason = `Threshold Crossed: the last values are ${values.join(' and ')} percent.`;
  await world.client(CloudWatchClient).send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }));
  return AlarmName;
}

const actions: readonly Action[] = [
  {
    name: 'fill',
    label: 'Fill /data to 95 %',
    effect: 'Its critical alarm goes off, and on-call gets its mail.',
    run: async (world) => {
      await report(world, '/data', 5);
      await setAlarm(world, 'ALARM', [95, 95]);
    },
  },
  {
    name: 'clean',
    label: 'Clean /data up',
    effect: 'The disk is OK again, and on-call gets a mail about the recovery.',
    handledBy: 'ReconcileDiskAlarms',
    run: async (world) => {
      await report(world, '/data', 60);
      const alarm = await setAlarm(world, 'OK', [40, 40]);
      await world.put(recovery(world, alarm, [40, 40]));
    },
  },
  {
    name: 'start',
    label: 'Start a server',
    effect: 'Its disks get their alarms as soon as its agent sends data.',
    handledBy: 'ReconcileDiskAlarms',
    run: async (world) => {
      const names = new Set((await readNames(world)).values());
      const number = [2, 3, 4, 5, 6, 7, 8, 9].find((one) => !names.has(`db-${one}`));
      if (number === undefined) throw new Error('Nine servers are enough. Reset the account.');
      const [id = ''] = await runServers(world, `db-${number}`, 1, { Team: 'storage' });
      await reportLinux(world, id, [
        { mount: '/', device: 'nvme0n1p1', sizeGb: 30, free: 55 },
        { mount: '/var/lib', device: 'nvme1n1', sizeGb: 2000, free: 21 },
      ]);
      await world.put(stateChange(world, id, 'running'));
    },
  },
];

export const panel: Panel = { title: 'Disks', rank: 3, look, actions };
