import { chunk, mapLimit } from '#shared/concurrency.ts';
import { sleep } from '#shared/time.ts';
import { describeAlarms, listAlarms } from '../aws/alarms.ts';
import { describeAllInstances, describeInstances, describeInstancesNamed } from '../aws/ec2.ts';
import { listSeries } from '../aws/metrics.ts';
import type { Config } from '../config.ts';
import { type ExistingAlarm, existingAlarms, FLEET, possibleAlarmNames } from '../domain/alarm.ts';
import { findDisks, type MetricSeries } from '../domain/disk.ts';
import { type Instance, isTerminated } from '../domain/instance.ts';
import { metricsByRole } from '../domain/metric-profile.ts';
import { tagKeys } from '../domain/tag-keys.ts';
import type { Scope } from './event.ts';
import { createRateLimiter } from './rate-limiter.ts';

/** Up to this many instances are read one by one; above it, reading everything takes fewer calls. */
const MAX_SINGLE_READS = 20;
/** Parallel list calls. ListMetrics allows 25 calls a second, DescribeAlarms 9. */
const LIST_CONCURRENCY = 4;
/** Instances that a direct call reads at a time, and its ListMetrics calls a second. */
const GROUP_SIZE = 40;
const LISTS_PER_SECOND = 20;

export interface ReadLimits {
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** A direct call reads until this time, in epoch milliseconds. Infinity if nobody waits for the response. */
  readonly until: number;
}

export interface ScopeData {
  readonly instances: readonly Instance[];
  readonly series: readonly MetricSeries[];
  readonly existing: readonly ExistingAlarm[];
  /** Ids of the instances for which the time was too short. */
  readonly unread: readonly string[];
}

/** Reads the instances of a run, their metrics and their alarms. */
export async function readScope(scope: Scope, config: Config, limits: ReadLimits): Promise<ScopeData> {
  const { signal } = limits;
  if ('fleet' in scope) return readFleet(config, signal);
  const instances = await ('hostname' in scope
    ? describeInstancesNamed(scope.hostname, signal)
    : describeInstances(scope.instanceIds, signal));
  const ids = 'instanceIds' in scope ? scope.instanceIds : instances.map(({ instanceId }) => instanceId);
  if (ids.length > MAX_SINGLE_READS)
    return Number.isFinite(limits.until)
      ? readGroups(instances, config, limits)
      : { ...(await readAll(instances, config, signal)), instances, unread: [] };
  const living = instances.filter((instance) => !isTerminated(instance));
  const [series, described] = await Promise.all([
    mapLimit(living, LIST_CONCURRENCY, ({ instanceId }) => listInstanceSeries(instanceId, config, signal)),
    mapLimit(ids, LIST_CONCURRENCY, (id) => listAlarms(config.prefix, id, signal)),
  ]);
  const existing = existingAlarms(config.prefix, described.flat());
  return { instances, series: series.flat(), existing, unread: [] };
}

/**
 * Hundreds of instances within the time of a direct call. Reading the whole account may take minutes, and listing alarms
 * by instance, too; so alarms are read by their names, and those of disks that are gone wait for the hourly run.
 */
async function readGroups(
  instances: readonly Instance[],
  config: Config,
  limits: ReadLimits,
): Promise<ScopeData> {
  const clock = { now: limits.now, wait: (ms: number) => sleep(ms, limits.signal) };
  const rateLimiter = createRateLimiter(LISTS_PER_SECOND, clock);
  const groups = chunk(
    instances.filter((instance) => !isTerminated(instance)),
    GROUP_SIZE,
  );
  const read: Omit<ScopeData, 'unread'>[] = [];
  for (const group of groups) {
    if (limits.now() >= limits.until) break;
    const series = await mapLimit(group, LIST_CONCURRENCY, async ({ instanceId }) => {
      await rateLimiter.next();
      return listInstanceSeries(instanceId, config, limits.signal);
    });
    const described = await describeAlarms(namesFor(group, series.flat(), config), limits.signal);
    const existing = existingAlarms(config.prefix, described);
    read.push({ instances: group, series: series.flat(), existing });
  }
  return {
    instances: read.flatMap((one) => one.instances),
    series: read.flatMap((one) => one.series),
    existing: read.flatMap((one) => one.existing),
    unread: groups.slice(read.length).flatMap((group) => group.map(({ instanceId }) => instanceId)),
  };
}

function namesFor(group: readonly Instance[], series: readonly MetricSeries[], config: Config): string[] {
  const { disks } = findDisks(series, config);
  return group.flatMap(({ instanceId }) =>
    possibleAlarmNames(config.prefix, instanceId, disks.get(instanceId)?.keys() ?? []),
  );
}

/** An instance that has alarms but is on no page is read by its id before it counts as terminated. */
async function readFleet(config: Config, signal: AbortSignal): Promise<ScopeData> {
  const instances = await describeAllInstances(signal);
  const all = await readAll(instances, config, signal);
  const seen = new Set([...instances.map(({ instanceId }) => instanceId), FLEET]);
  const lost = new Set(all.existing.map(({ owner }) => owner).filter((owner) => !seen.has(owner)));
  const found = lost.size > 0 ? await describeInstances([...lost], signal) : [];
  return { ...all, instances: [...instances, ...found], unread: [] };
}

async function readAll(
  instances: readonly Instance[],
  config: Config,
  signal: AbortSignal,
): Promise<Pick<ScopeData, 'series' | 'existing'>> {
  const asksForInodes =
    config.defaults.inodesPercent > 0 || instances.some(({ tags }) => tagKeys.inodesPercent in tags);
  const metrics = config.profiles.flatMap((profile) =>
    metricsByRole(profile, asksForInodes).map(([, metric]) => ({ namespace: profile.namespace, metric })),
  );
  const wanted = [...new Map(metrics.map((one) => [JSON.stringify(one), one])).values()];
  const [series, described] = await Promise.all([
    mapLimit(wanted, LIST_CONCURRENCY, (one) => listSeries(one, signal)),
    listAlarms(config.prefix, '', signal),
  ]);
  return { series: series.flat(), existing: existingAlarms(config.prefix, described) };
}

async function listInstanceSeries(
  instanceId: string,
  { profiles }: Config,
  signal: AbortSignal,
): Promise<MetricSeries[]> {
  const namespaces = [...new Set(profiles.map(({ namespace }) => namespace))];
  const series = await mapLimit(namespaces, 1, (namespace) => listSeries({ namespace, instanceId }, signal));
  return series.flat();
}
