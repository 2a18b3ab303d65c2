import { GetMetricDataCommand, ListMetricsCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { DiskSeries, MetricSeries } from '../domain/disk.ts';
import { type MetricReading, READING_PERIOD_MS } from '../domain/measurement.ts';
import type { MetricRole } from '../domain/metric-profile.ts';
import { cloudWatch } from './cloudwatch.ts';

/** GetMetricData takes 500 queries. */
const MAX_QUERIES = 500;
/** We use the newest reading of the past hour. A disk without data in that time has no reading. */
const LOOK_BACK_MS = 3_600_000;
/** Forecasts. One query costs the same for any number of readings. */
const HISTORY_MS = 86_400_000;
const HISTORY_PERIOD_SECONDS = 3600;

/** All series of this metric or instance that had data in the past three hours. */
export function listSeries(
  filter: { readonly namespace: string } & ({ readonly metric: string } | { readonly instanceId: string }),
  signal: AbortSignal,
): Promise<MetricSeries[]> {
  const what =
    'metric' in filter
      ? { MetricName: filter.metric }
      : { Dimensions: [{ Name: 'InstanceId', Value: filter.instanceId }] };
  return paginate<MetricSeries, string>(async (next) => {
    const command = new ListMetricsCommand({
      Namespace: filter.namespace,
      ...what,
      RecentlyActive: 'PT3H',
      ...(next && { NextToken: next }),
    });
    const { Metrics = [], NextToken } = await cloudWatch.send(command, { abortSignal: signal });
    const items = Metrics.map(({ Namespace = '', MetricName = '', Dimensions = [] }) => ({
      namespace: Namespace,
      metric: MetricName,
      dimensions: Dimensions.map(({ Name = '', Value = '' }) => ({ Name, Value })),
    }));
    return { items, next: NextToken };
  });
}

/** One metric of a disk series. */
export interface WantedReading {
  readonly candidate: DiskSeries;
  readonly role: MetricRole;
}

/** @returns the readings of the past hour for each disk series that has any */
export async function readSeries(
  wanted: readonly WantedReading[],
  now: number,
  signal: AbortSignal,
): Promise<Map<DiskSeries, ReadonlyMap<MetricRole, MetricReading>>> {
  const readings = new Map<DiskSeries, Map<MetricRole, MetricReading>>();
  const end = Math.ceil(now / READING_PERIOD_MS) * READING_PERIOD_MS;
  await mapLimit(chunk(wanted, MAX_QUERIES), 4, async (some) => {
    const queries = some.map(({ candidate, role }, at) => toQuery(candidate, role, at));
    for (const [at, reading] of await readQueries(queries, { start: end - LOOK_BACK_MS, end }, signal)) {
      const asked = some[at];
      if (!asked) continue;
      const known = readings.get(asked.candidate) ?? new Map();
      readings.set(asked.candidate, known.set(asked.role, reading));
    }
  });
  return readings;
}

/** @returns hourly averages of the percentage in the past day */
export async function readPercentHistory<D extends DiskSeries>(
  disks: readonly D[],
  now: number,
  signal: AbortSignal,
): Promise<Map<D, MetricReading>> {
  const end = Math.ceil(now / READING_PERIOD_MS) * READING_PERIOD_MS;
  const window = { start: end - HISTORY_MS, end };
  const found = await mapLimit(chunk(disks, MAX_QUERIES), 4, async (some) => {
    const queries = some.map((disk, at) => toQuery(disk, 'percent', at, HISTORY_PERIOD_SECONDS));
    const readings = await readQueries(queries, window, signal);
    return some.flatMap((disk, at) => {
      const reading = readings.get(at);
      return reading ? [[disk, reading] as const] : [];
    });
  });
  return new Map(found.flat());
}

async function readQueries(
  queries: readonly MetricDataQuery[],
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<Map<number, MetricReading>> {
  const results = await paginate<readonly [number, MetricReading], string>(async (next) => {
    const command = new GetMetricDataCommand({
      MetricDataQueries: [...queries],
      StartTime: new Date(start),
      EndTime: new Date(end),
      ScanBy: 'TimestampDescending',
      ...(next && { NextToken: next }),
    });
    const { MetricDataResults = [], NextToken } = await cloudWatch.send(command, { abortSignal: signal });
    const items = MetricDataResults.map(({ Id = '', Timestamps = [], Values = [] }) => {
      const times = Timestamps.map((time) => time.getTime());
      return [Number(Id.slice(1)), { times, values: Values }] as const;
    });
    return { items, next: NextToken };
  });
  const read = new Map<number, MetricReading>();
  // A series may continue on the next page; the newest part comes first.
  for (const [at, { times, values }] of results) {
    const before = read.get(at) ?? { times: [], values: [] };
    read.set(at, { times: [...before.times, ...times], values: [...before.values, ...values] });
  }
  return read;
}

function toQuery(
  { profile, dimensions }: DiskSeries,
  role: MetricRole,
  at: number,
  periodSeconds = READING_PERIOD_MS / 1000,
): MetricDataQuery {
  return {
    Id: `q${at}`,
    MetricStat: {
      Metric: { Namespace: profile.namespace, MetricName: profile[role], Dimensions: [...dimensions] },
      Period: periodSeconds,
      // Sizes only grow, so the maximum is right. A percentage and an amount are combined, so both use the average.
      Stat: role === 'total' ? 'Maximum' : 'Average',
    },
  };
}
