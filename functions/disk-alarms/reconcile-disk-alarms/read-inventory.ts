import { mapLimit } from '#shared/concurrency.ts';
import { findEbsOnlyTypes, volumeSizes } from '../aws/ec2.ts';
import { readPercentHistory, readSeries } from '../aws/metrics.ts';
import type { Config } from '../config.ts';
import { type ExistingAlarm, FLEET } from '../domain/alarm.ts';
import { dimensionValue, findDisks } from '../domain/disk.ts';
import type { Instance } from '../domain/instance.ts';
import { type Inventory, type MergedDisk, mergedDisks, trendKey } from '../domain/inventory.ts';
import { type MetricReading, measure, rolesToRead } from '../domain/measurement.ts';
import { tagKeys } from '../domain/tag-keys.ts';
import { namedTopics } from '../domain/topic.ts';
import type { VolumeFacts } from '../domain/volume-match.ts';
import type { Scope } from './event.ts';
import { findTopicFault } from './find-topic-fault.ts';
import { type ReadLimits, readScope } from './read-scope.ts';
import type { ReconcileRun, RunContext } from './run-context.ts';

/** Parallel look-ups of topics. */
const TOPIC_CONCURRENCY = 4;

/**
 * Reads everything that the plan needs.
 *
 * @returns undefined if a direct call over all instances has no time to read them
 */
export async function readInventory(
  { scope, isCall, readUntil }: ReconcileRun,
  { config, invocation }: RunContext,
): Promise<Inventory | undefined> {
  const { signal, now } = invocation;
  if (!isCall) return readWithin(scope, config, { signal, now, until: readUntil });
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(), readUntil - now());
  const either = AbortSignal.any([signal, timeUp.signal]);
  try {
    return await readWithin(scope, config, {
      signal: 'fleet' in scope ? either : signal,
      now,
      until: readUntil,
    });
  } catch (error) {
    if ('fleet' in scope && timeUp.signal.aborted && !signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function readWithin(scope: Scope, config: Config, limits: ReadLimits): Promise<Inventory> {
  const { signal } = limits;
  const now = limits.now();
  const { instances, series, existing, unread } = await readScope(scope, config, limits);
  const owned = Map.groupBy(existing, ({ owner }) => owner);
  const ids = idsOf(scope, instances, owned);
  const chosen = new Set(ids);
  const mine = series.filter(({ dimensions }) =>
    dimensions.some(({ Name, Value }) => Name === 'InstanceId' && chosen.has(Value)),
  );
  const discovered = findDisks(mine, config);
  const candidates = [...discovered.disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  const wanted = candidates.flatMap((candidate) =>
    rolesToRead(candidate).map((role) => ({ candidate, role })),
  );
  const readings = await readSeries(wanted, now, signal);
  const known = {
    instances: new Map(instances.map((instance) => [instance.instanceId, instance])),
    discovered,
    measurements: new Map(candidates.map((one) => [one, measure(one, readings.get(one) ?? new Map())])),
    alarmsByOwner: owned,
    history: new Map<string, MetricReading>(),
    volumeFacts: { volumes: new Map<string, number>(), ebsOnlyTypes: new Set<string>() },
  };
  const [volumeFacts, percentHistory, unusableTopics] = await Promise.all([
    // Fleet mode knows no sizes.
    config.mode === 'disk' ? readVolumeFacts(known, signal) : known.volumeFacts,
    readPercentHistory(disksWithForecast(known, config), now, signal),
    config.mode === 'disk'
      ? readTopicFaults(namedTopics(instances, owned, config.topicArn), signal)
      : new Map<string, string>(),
  ]);
  const history = new Map([...percentHistory].map(([disk, reading]) => [trendKey(disk), reading]));
  return { ...known, volumeFacts, history, unusableTopics, instanceIds: ids, unread, now };
}

/** Disks of instances that want forecasts, as far as they may have alarms. */
function disksWithForecast(
  known: Parameters<typeof mergedDisks>[1],
  { mode, defaults, scope }: Config,
): MergedDisk[] {
  if (mode === 'fleet') return [];
  const wanted = [...known.instances.values()].filter(({ instanceId, tags }) => {
    const hours = tags[tagKeys.forecastHours] ?? String(defaults.forecastHours);
    const mayHaveAlarms =
      scope === 'all' || tags[tagKeys.use] === 'on' || known.alarmsByOwner.has(instanceId);
    return hours !== '0' && mayHaveAlarms;
  });
  return wanted.flatMap(({ instanceId }) => mergedDisks(instanceId, known));
}

/** Looks up each topic once. */
async function readTopicFaults(
  topics: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const faults = await mapLimit(topics, TOPIC_CONCURRENCY, async (arn) => {
    const fault = await findTopicFault(arn, signal);
    return fault === undefined ? [] : [[arn, fault] as const];
  });
  return new Map(faults.flat());
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
