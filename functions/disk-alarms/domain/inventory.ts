import { alarmName, type ExistingAlarm } from './alarm.ts';
import type { DiscoveredDisks, Disk, DiskSeries } from './disk.ts';
import { trendOf } from './forecast.ts';
import type { Instance } from './instance.ts';
import { type Measurement, type MetricReading, newestSeries, roundToKnownSize } from './measurement.ts';
import { type MeasuredMount, mergeMounts } from './merge-mounts.ts';
import { sizeTags } from './mount-tags.ts';
import { certainVolumes, possibleSizes, type VolumeFacts } from './volume-match.ts';

/** Instances, disks and alarms as they are now. */
export interface Inventory {
  /** Instances to plan for, whether or not EC2 still knows them. */
  readonly instanceIds: readonly string[];
  readonly instances: ReadonlyMap<string, Instance>;
  /** Instances in scope for which the time of a direct call was too short. */
  readonly unread: readonly string[];
  readonly discovered: DiscoveredDisks;
  readonly measurements: ReadonlyMap<DiskSeries, Measurement>;
  /** What EC2 says about the sizes of disks that could not be measured. */
  readonly volumeFacts: VolumeFacts;
  /** Hourly percentages of the past day by `trendKey`, of the disks that want a forecast. */
  readonly history: ReadonlyMap<string, MetricReading>;
  /** By owner. */
  readonly alarmsByOwner: ReadonlyMap<string, readonly ExistingAlarm[]>;
  /** Why CloudWatch cannot publish to a topic, by its ARN. */
  readonly unusableTopics: ReadonlyMap<string, string>;
  readonly now: number;
}

type KnownInventory = Omit<Inventory, 'instanceIds' | 'now' | 'unread' | 'unusableTopics'>;

/** The disks of an instance, sorted by mount. @throws InvalidInputError that names an invalid tag */
export function disksOfInstance(instance: Instance, prefix: string, inventory: KnownInventory): Disk[] {
  const disks = mergedDisks(instance.instanceId, inventory);
  const volumes = certainVolumes(instance, disks);
  const sizesByTag = sizeTags(instance.tags);
  return disks.map((disk) => {
    const name = alarmName(prefix, instance.instanceId, 'critical', disk.mount);
    const known = lastKnownSize(name, inventory.alarmsByOwner.get(instance.instanceId));
    const possible = possibleSizes(disk, disks, instance, inventory.volumeFacts);
    const sizeGb = sizeOf(disk, { known, tagged: sizesByTag(disk.mount), possible });
    const volumeId = volumes.get(disk);
    const trend = trendOf(inventory.history.get(trendKey(disk)) ?? NO_READINGS, disk.profile);
    return {
      ...disk,
      ...(volumeId && { volumeId }),
      ...(trend && { trend }),
      ...(sizeGb === undefined ? { possibleGb: possible } : { sizeGb }),
    };
  });
}

export type MergedDisk = Omit<Disk, 'volumeId' | 'possibleGb' | 'trend'>;

const NO_READINGS: MetricReading = { times: [], values: [] };

export function trendKey({ instanceId, mount }: Pick<DiskSeries, 'instanceId' | 'mount'>): string {
  return `${instanceId} ${mount}`;
}

/** The disks of an instance with their measured sizes. */
export function mergedDisks(instanceId: string, inventory: KnownInventory): MergedDisk[] {
  const found = [...(inventory.discovered.disks.get(instanceId)?.values() ?? [])];
  return mergeMounts(found.flatMap((candidates) => measuredMount(candidates, inventory))).map(
    ({ series, measuredAt: lastMetricAt, sizeGb, otherMounts }) => ({
      ...series,
      otherMounts,
      lastMetricAt,
      ...(sizeGb !== undefined && { sizeGb }),
    }),
  );
}

interface SizeSources {
  /** Stored in the disk's alarm. */
  readonly known: number | undefined;
  readonly tagged: number | undefined;
  readonly possible: readonly number[];
}

/** If the agent usually sends what the size needs, the last measured size is better than that of the volume. */
function sizeOf({ sizeGb, roles }: MergedDisk, { known, tagged, possible }: SizeSources): number | undefined {
  if (sizeGb !== undefined) return roundToKnownSize(sizeGb, known);
  const isMeasurable = roles.has('total') || roles.has('free');
  const certain = possible.length === 1 ? possible[0] : undefined;
  return (isMeasurable ? known : undefined) ?? tagged ?? certain ?? known;
}

/** The series of a mount that counts. */
function measuredMount(candidates: readonly DiskSeries[], { measurements }: KnownInventory): MeasuredMount[] {
  const series = newestSeries(candidates, (one) => measurements.get(one));
  return series ? [{ measuredAt: Number.NEGATIVE_INFINITY, ...measurements.get(series), series }] : [];
}

/** The size stored in the alarm's metadata. */
function lastKnownSize(name: string, mine: readonly ExistingAlarm[] = []): number | undefined {
  return mine.find((alarm) => alarm.name === name)?.metadata?.sizeGb;
}
