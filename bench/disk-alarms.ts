import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { build } from '../build.ts';
import type { Report } from './output/report.ts';

const DISKS_EACH = 4;
const FLEETS = [625, 1250, 2500, 5000];
const OUTDIR = join(import.meta.dirname, '..', '.groundcrew/bench/disk-alarms');

/** The schedule's event: a direct call would stop reading after 25 seconds. The function is a dry run by default. */
const HOURLY = {
  version: '0',
  id: '00000000-0000-0000-0000-000000000000',
  'detail-type': 'Scheduled Event',
  source: 'aws.scheduler',
  account: '123456789012',
  time: '2026-01-01T00:00:00Z',
  region: 'eu-west-1',
  resources: [],
  detail: '{}',
};

/** What a run over a whole fleet takes, as a multiple of the smallest fleet. */
interface FleetRun {
  readonly instances: number;
  readonly calls: number;
  readonly time: number;
  /** Of the memory above that of an empty fleet. */
  readonly memory: number;
  /** The highest use. The function has 1,024 MB. */
  readonly megabytes: number;
}

/** Runs the function as a dry run over fleets in which every alarm exists and differs from its desired state. */
export async function measureDiskAlarms(): Promise<Report> {
  const { functions } = await build({ outdir: OUTDIR });
  const bundle = functions.find(({ id }) => id === 'ReconcileDiskAlarms');
  if (!bundle) throw new Error('There is no function ReconcileDiskAlarms.');
  const runs = [];
  for (const instances of [0, ...FLEETS]) runs.push({ instances, ...(await run(bundle, instances)) });
  const [empty, first, ...rest] = runs;
  if (!empty || !first) throw new Error('nothing ran');
  const ratio = (value: number, base: number): number => Number((value / base).toFixed(1));
  return describe(
    [first, ...rest].map(({ instances, calls, ms, megabytes }) => ({
      instances,
      calls,
      time: ratio(ms, first.ms),
      memory: ratio(megabytes - empty.megabytes, first.megabytes - empty.megabytes),
      megabytes,
    })),
  );
}

function describe(runs: readonly FleetRun[]): Report {
  return {
    title: 'Dry run of disk-alarms over a whole fleet in which every alarm differs',
    columns: ['instances', 'disks', 'calls', 'time', 'memory', 'at most'],
    rows: runs.map(({ instances, calls, time, memory, megabytes }) => [
      String(instances),
      String(instances * DISKS_EACH),
      String(calls),
      `${time} x`,
      `${memory} x`,
      `${megabytes} MB`,
    ]),
    notes: [],
    chart: {
      title: 'A run over the whole fleet',
      unit: 'times the smallest fleet',
      series: ['calls', 'time', 'memory'],
      groups: runs.map(({ instances, calls, time, memory }) => ({
        label: `${instances} instances`,
        values: [calls / (runs[0]?.calls ?? calls), time, memory],
      })),
    },
    data: runs,
  };
}

interface Bundle {
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
}

async function run({ file, variables }: Bundle, instances: number) {
  const { server, url, counts } = await openFleet(instances);
  const script = `
    const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)});
    const began = performance.now();
    const context = { getRemainingTimeInMillis: () => 900000, awsRequestId: 'bench', functionName: 'bench' };
    await handler(${JSON.stringify(HOURLY)}, context);
    const ms = performance.now() - began;
    process.stderr.write(JSON.stringify({ ms, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
    process.exit();`;
  const child = spawn(process.execPath, ['--max-old-space-size=900', '--input-type=module', '-e', script], {
    env: {
      ...process.env,
      ...variables,
      NOTIFICATION_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:bench',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: url,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = await text(child.stderr);
  server.close();
  const measured: { readonly ms: number; readonly megabytes: number } = JSON.parse(said);
  return { ...measured, calls: counts.calls };
}

interface Fleet {
  readonly server: Server;
  readonly url: string;
  readonly counts: { calls: number };
}

/** An account that contains only a fleet. It answers what the function reads, page by page. */
async function openFleet(instances: number): Promise<Fleet> {
  const counts = { calls: 0 };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      counts.calls += 1;
      const action = String(request.headers['x-amz-target'] ?? '').split('.')[1];
      const isEc2 = action === undefined;
      const answer = isEc2
        ? ec2Page(instances, body)
        : JSON.stringify(pages[action]?.(instances, JSON.parse(body)) ?? {});
      response.writeHead(200, { 'content-type': isEc2 ? 'text/xml' : 'application/x-amz-json-1.0' });
      response.end(answer);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { server, url: `http://127.0.0.1:${port}`, counts };
}

type Input = Readonly<Record<string, unknown>>;

const pages: Readonly<Record<string, (instances: number, input: Input) => object>> = {
  ListMetrics: (instances, { MetricName: name, NextToken }) => {
    if (!String(name).startsWith('disk_')) return { Metrics: [] };
    const { items, next } = page(instances * DISKS_EACH, 500, NextToken);
    const Metrics = items.map((disk) => ({
      Namespace: 'CWAgent',
      MetricName: name,
      Dimensions: dimensionsOf(disk),
    }));
    return { Metrics, NextToken: next };
  },
  DescribeAlarms: (instances, { NextToken }) => {
    const { items, next } = page(instances * DISKS_EACH * 3, 100, NextToken);
    return { MetricAlarms: items.map(alarmOf), NextToken: next };
  },
  GetMetricData: (_, { MetricDataQueries: queries }) => ({
    MetricDataResults: (Array.isArray(queries) ? queries : []).map(({ Id }: { Id: string }) => ({
      Id,
      Timestamps: Array.from({ length: 12 }, (_, i) => Math.floor(Date.now() / 300_000 - i) * 300),
      Values: Array(12).fill(100 * 2 ** 30),
      StatusCode: 'Complete',
    })),
  }),
};

function alarmOf(at: number): object {
  const disk = Math.floor(at / 3);
  const AlarmName = `groundcrew-disk-${idOf(disk)}-${['critical', 'warning', 'inodes'][at % 3]}-/disk${disk % DISKS_EACH}`;
  const AlarmDescription = `${'A text for people. '.repeat(12)}\n[groundcrew disk-alarms size=50 tags=12345678]`;
  const AlarmArn = `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:${AlarmName}`;
  const actions = { ActionsEnabled: true, AlarmActions: [], OKActions: [], InsufficientDataActions: [] };
  const rule = { Threshold: 1, EvaluationPeriods: 3, ComparisonOperator: 'LessThanThreshold' };
  const metric = { Namespace: 'CWAgent', MetricName: 'disk_used_percent', Statistic: 'Average', Period: 300 };
  return {
    AlarmName,
    AlarmArn,
    AlarmDescription,
    ...actions,
    ...rule,
    ...metric,
    Dimensions: dimensionsOf(disk),
  };
}

function dimensionsOf(disk: number): object[] {
  const place = {
    InstanceId: idOf(disk),
    path: `/disk${disk % DISKS_EACH}`,
    device: `nvme${disk % DISKS_EACH}n1`,
    fstype: 'xfs',
  };
  return Object.entries(place).map(([Name, Value]) => ({ Name, Value }));
}

function idOf(disk: number): string {
  return `i-${Math.floor(disk / DISKS_EACH)
    .toString(16)
    .padStart(17, '0')}`;
}

function ec2Page(instances: number, body: string): string {
  const { items, next } = page(instances, 1000, new URLSearchParams(body).get('NextToken') ?? undefined);
  const found = items.map((at) => {
    const name = `<item><key>Name</key><value>node-${at}</value></item>`;
    const tags = `<tagSet>${name}<item><key>groundcrew:disk-alarms</key><value>on</value></item></tagSet>`;
    const state = '<instanceState><name>running</name></instanceState>';
    const id = `<instanceId>${idOf(at * DISKS_EACH)}</instanceId>`;
    return `<item>${id}${state}<launchTime>2026-01-01T00:00:00Z</launchTime>${tags}</item>`;
  });
  const token = next ? `<nextToken>${next}</nextToken>` : '';
  const set = `<reservationSet><item><instancesSet>${found.join('')}</instancesSet></item></reservationSet>`;
  return `<DescribeInstancesResponse>${set}${token}</DescribeInstancesResponse>`;
}

function page(count: number, size: number, token: unknown): { items: number[]; next: string | undefined } {
  const start = Number(token ?? 0);
  const end = Math.min(count, start + size);
  const items = Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
  return { items, next: end < count ? String(end) : undefined };
}
