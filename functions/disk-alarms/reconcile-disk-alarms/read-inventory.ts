import { mapLimit } from '#shared/concurrency.ts';
import { listAlarms } from '../aws/alarms.ts';
import {
  describeAllInstances,
  describeInstances,
  describeInstancesNamed,
  findEbsOnlyTypes,
  volumeSizes,
} from '../aws/ec2.ts';
import { listSeries, readSeries } from '../aws/metrics.ts';
import { readTopicFault } from '../aws/sns.ts';
import type { Config } from '../config.ts';
import type { ExistingAlarm } from '../domain/alarm.ts';
import { FLEET } from '../domain/alarm.ts';
import { dimensionValue, findDisks, type MetricSeries } from '../domain/disk.ts';
import { type Instance, isTerminated } from '../domain/instance.ts';
import { type Inventory, mergedDisks } from '../domain/inventory.ts';
import { measure } from '../domain/measurement.ts';
import { metricsByRole } from '../domain/metric-profile.ts';
import { tagKeys } from '../domain/settings.ts';
import { namedTopics } from '../domain/topic.ts';
import type { VolumeFacts } from '../domain/volume-match.ts';
import type { Scope } from './event.ts';

/** Up to this many instances are read one by one; above it, reading everything takes fewer calls. */
const MAX_SINGLE_READS = 20;
/** Parallel list calls. ListMetrics allows 25 calls a second, DescribeAlarms 9. */
const LIST_CONCURRENCY = 4;

interface ScopeData {
  readonly instances: readonly Instance[];
  readonly series: readonly MetricSeries[];
  readonly existing: readonly ExistingAlarm[];
}

/** Reads everything that the plan needs. */
export async function readInventory(
  scope: Scope,
  config: Config,
  now: number,
  signal: AbortSignal,
): Promise<Inventory> {
  const { instances, series, existing } = await readScope(scope, config, signal);
  const owned = Map.groupBy(existing, ({ owner }) => owner);
  const ids = idsOf(scope, instances, owned);
  const chosen = new Set(ids);
  const mine = series.filter(({ dimensions }) =>
    dimensions.some(({ Name, Value }) => Name === 'InstanceId' && chosen.has(Value)),
  );
  const discovered = findDisks(mine, config);
  const candidates = [...discovered.disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  const readings = await readSeries(candidates, now, signal);
  const known = {
    instances: new Map(instances.map((instance) => [instance.instanceId, instance])),
    discovered,
    measurements: new Map(candidates.map((one) => [one, measure(one, readings.get(one) ?? new Map())])),
    alarmsByOwner: owned,
    volumeFacts: { volumes: new Map<string, number>(), ebsOnlyTypes: new Set<string>() },
  };
  const [volumeFacts, unusableTopics] = await Promise.all([
    readVolumeFacts(known, signal),
    config.mode === 'disk'
      ? readTopicFaults(namedTopics(instances, owned, config.topicArn), signal)
      : new Map<string, string>(),
  ]);
  return { ...known, volumeFacts, unusableTopics, instanceIds: ids, now };
}

/** Looks up each topic once. */
async function readTopicFaults(
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const faults = await mapLimit(topics, LIST_CONCURRENCY, async (arn) => {
    const fault = await readTopicFault(arn, signal);
    return fault === undefined ? [] : [[arn, fault] as const];
  });
  return new Map(faults.flat());
}

async function readScope(scope: Scope, config: Config, signal: AbortSignal): Promise<ScopeData> {
  if ('fleet' in scope) return readFleet(config, signal);
  const instances = await ('hostname' in scope
    ? describeInstancesNamed(scope.hostname, signal)
    : describeInstances(scope.instanceIds, signal));
  const ids = 'instanceIds' in scope ? scope.instanceIds : instances.map(({ instanceId }) => instanceId);
  if (ids.length > MAX_SINGLE_READS) return { ...(await readAll(instances, config, signal)), instances };
  const living = instances.filter((instance) => !isTerminated(instance));
  const [series, existing] = await Promise.all([
    mapLimit(living, LIST_CONCURRENCY, ({ instanceId }) => listInstanceSeries(instanceId, config, signal)),
    mapLimit(ids, LIST_CONCURRENCY, (id) => listAlarms(config.prefix, id, signal)),
  ]);
  return { instances, series: series.flat(), existing: existing.flat() };
}

/** An instance that has alarms but is on no page is read by its id before it counts as terminated. */
async function readFleet(config: Config, signal: AbortSignal): Promise<ScopeData> {
  const instances = await describeAllInstances(signal);
  const all = await readAll(instances, config, signal);
  const seen = new Set([...instances.map(({ instanceId }) => instanceId), FLEET]);
  const lost = new Set(all.existing.map(({ owner }) => owner).filter((owner) => !seen.has(owner)));
  const found = lost.size > 0 ? await describeInstances([...lost], signal) : [];
  return { ...all, instances: [...instances, ...found] };
}

async function readAll(
  instances: readonly Instance[],
  config: Config,
  signal: AbortSignal,
): Promise<Omit<ScopeData, 'instances'>> {
  const asksForInodes =
    config.defaults.inodesPercent > 0 || instances.some(({ tags }) => tagKeys.inodesPercent in tags);
  const metrics = config.profiles.flatMap((profile) =>
    metricsByRole(profile, asksForInodes).map(([, metric]) => ({ namespace: profile.namespace, metric })),
  );
  const wanted = [...new Map(metrics.map((one) => [JSON.stringify(one), one])).values()];
  const [series, existing] = await Promise.all([
    mapLimit(wanted, LIST_CONCURRENCY, (one) => listSeries(one, signal)),
    listAlarms(config.prefix, '', signal),
  ]);
  return { series: series.flat(), existing };
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

function idsOf(
  scope: Scope,
  instances: readonly Instance[],
  owned: ReadonlyMap<string, readonly ExistingAlarm[]>,
): string[] {
  if ('instanceIds' in scope) return [...new Set(scope.instanceIds)].sort();
  const seen = instances.map(({ instanceId }) => instanceId);
  const owners = 'fleet' in scope ? [...owned.keys()].filter((owner) => owner !== FLEET) : [];
  return [...new Set([...seen, ...owners])].sort();
}

/** Asks EC2 only about instances with disks that the agent does not measure. */
async function readVolumeFacts(
  known: Parameters<typeof mergedDisks>[1],
  signal: AbortSignal,
): Promise<VolumeFacts> {
  const unmeasured = [...known.instances.values()].flatMap((instance) => {
    const disks = mergedDisks(instance.instanceId, known).filter(({ sizeGb }) => sizeGb === undefined);
    return disks.length > 0 ? [{ instance, disks }] : [];
  });
  const attached = unmeasured.flatMap(({ instance }) => instance.volumes.map(({ volumeId }) => volumeId));
  const named = unmeasured.flatMap(({ disks }) =>
    disks.flatMap(({ dimensions }) => dimensionValue(dimensions, 'VolumeId') ?? []),
  );
  const ids = [...new Set([...attached, ...named])];
  const types = [...new Set(unmeasured.map(({ instance }) => instance.instanceType))];
  const [volumes, ebsOnlyTypes] = await Promise.all([
    volumeSizes(ids, signal),
    findEbsOnlyTypes(types, signal),
  ]);
  return { volumes, ebsOnlyTypes };
}
