import { alarmName, type ExistingAlarm } from './alarm.ts';
import type { Disk } from './desired/for-disk.ts';
import { type DiscoveredDisks, type DiskSeries, dimensionValue } from './disk.ts';
import type { Instance } from './instance.ts';
import { type Measurement, newestSeries, roundToKnownSize } from './measurement.ts';
import { type MeasuredMount, mergeMounts } from './merge-mounts.ts';

/** Instances, disks and alarms as they are now. */
export interface Inventory {
  /** Instances to plan for, whether or not EC2 still knows them. */
  readonly instanceIds: readonly string[];
  readonly instances: ReadonlyMap<string, Instance>;
  readonly discovered: DiscoveredDisks;
  readonly measurements: ReadonlyMap<DiskSeries, Measurement>;
  /** GB by volume id, for disks that could not be measured. */
  readonly volumes: ReadonlyMap<string, number>;
  /** By owner. */
  readonly alarmsByOwner: ReadonlyMap<string, readonly ExistingAlarm[]>;
  /** Why CloudWatch cannot publish to a topic, by its ARN. */
  readonly unusableTopics: ReadonlyMap<string, string>;
  readonly now: number;
}

type KnownInventory = Omit<Inventory, 'instanceIds' | 'now' | 'unusableTopics'>;

/** The disks of an instance, sorted by mount. */
export function disksOfInstance(instance: Instance, prefix: string, inventory: KnownInventory): Disk[] {
  const found = [...(inventory.discovered.disks.get(instance.instanceId)?.values() ?? [])];
  const disks = mergeMounts(found.flatMap((candidates) => measuredMount(candidates, inventory)));
  return disks.map((disk) => {
    const { series, measuredAt, sizeGb: measured, otherMounts } = disk;
    const known = lastKnownSize(
      alarmName(prefix, instance.instanceId, 'critical', series.mount),
      inventory.alarmsByOwner.get(instance.instanceId),
    );
    const volumeId = volumeOf(instance, series, disks.length);
    const sizeGb =
      measured === undefined
        ? (known ?? inventory.volumes.get(volumeId ?? ''))
        : roundToKnownSize(measured, known);
    return {
      ...series,
      otherMounts,
      lastMetricAt: measuredAt,
      ...(volumeId && { volumeId }),
      ...(sizeGb !== undefined && { sizeGb }),
    };
  });
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

/**
 * The volume from the agent's VolumeId dimension, or the only volume if the disk is the root. Other disks may be
 * instance store, and on Nitro device names do not identify a volume.
 */
function volumeOf(instance: Instance, disk: DiskSeries, disks: number): string | undefined {
  const volumeId = dimensionValue(disk.dimensions, 'VolumeId');
  if (volumeId) return volumeId;
  const isRoot = disk.mount === '/' || disk.mount === 'C:';
  return isRoot && disks === 1 && instance.volumeIds.length === 1 ? instance.volumeIds[0] : undefined;
}
