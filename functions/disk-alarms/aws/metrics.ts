import { GetMetricDataCommand, ListMetricsCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { Candidate, Series } from '../domain/disk.ts';
import { READING_MS, type Reading, rolesToRead } from '../domain/measurement.ts';
import type { Role } from '../domain/metric-profile.ts';
import { cloudWatch } from './cloudwatch.ts';

/** GetMetricData takes 500 queries. */
const QUERIES = 500;
/** How far back a reading may lie: the newest counts, and a disk that tells nothing for an hour has none. */
const LOOK_BACK_MS = 3_600_000;

/** Series of this name, or of this instance, that had data in the past three hours. All pages. */
export function listSeries(
  filter: { readonly namespace: string } & ({ readonly metric: string } | { readonly instanceId: string }),
  signal: AbortSignal,
): Promise<Series[]> {
  const what =
    'metric' in filter
      ? { MetricName: filter.metric }
      : { Dimensions: [{ Name: 'InstanceId', Value: filter.instanceId }] };
  return paginate<Series, string>(async (next) => {
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

/** What each candidate's series last told, of the past hour. */
export async function readSeries(
  candidates: readonly Candidate[],
  now: number,
  signal: AbortSignal,
): Promise<Map<Candidate, ReadonlyMap<Role, Reading>>> {
  const wanted = candidates.flatMap((candidate) =>
    rolesToRead(candidate).map((role) => ({ candidate, role })),
  );
  const readings = new Map<Candidate, Map<Role, Reading>>(candidates.map((one) => [one, new Map()]));
  await mapLimit(chunk(wanted, QUERIES), 4, async (some) => {
    const queries = some.map(({ candidate, role }, at) => toQuery(candidate, role, at));
    for (const [at, reading] of await readQueries(queries, now, signal)) {
      const asked = some[at];
      if (asked) readings.get(asked.candidate)?.set(asked.role, reading);
    }
  });
  return readings;
}

async function readQueries(
  queries: readonly MetricDataQuery[],
  now: number,
  signal: AbortSignal,
): Promise<Map<number, Reading>> {
  const end = Math.ceil(now / READING_MS) * READING_MS;
  const results = await paginate<readonly [number, Reading], string>(async (next) => {
    const command = new GetMetricDataCommand({
      MetricDataQueries: [...queries],
      StartTime: new Date(end - LOOK_BACK_MS),
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
  const read = new Map<number, Reading>();
  // A series may be split over pages; the newest part comes first.
  for (const [at, { times, values }] of results) {
    const before = read.get(at) ?? { times: [], values: [] };
    read.set(at, { times: [...before.times, ...times], values: [...before.values, ...values] });
  }
  return read;
}

function toQuery({ profile, dimensions }: Candidate, role: Role, at: number): MetricDataQuery {
  return {
    Id: `q${at}`,
    MetricStat: {
      Metric: { Namespace: profile.namespace, MetricName: profile[role], Dimensions: [...dimensions] },
      Period: READING_MS / 1000,
      // A total only grows; a share and an amount that are put together have to be of one kind.
      Stat: role === 'total' ? 'Maximum' : 'Average',
    },
  };
}
