import { alarmName, type ExistingAlarm } from './alarm.ts';
import type { Disk } from './desired/for-disk.ts';
import { type DiscoveredDisks, type DiskSeries, dimensionValue } from './disk.ts';
import type { Instance } from './instance.ts';
import { type Measurement, newestSeries, roundToKnownSize } from './measurement.ts';

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

/** The disks of an instance, one for each mount, sorted by mount. */
export function disksOfInstance(
  instance: Instance,
  prefix: string,
  inventory: Omit<Inventory, 'instanceIds' | 'now' | 'unusableTopics'>,
): Disk[] {
  const mounts = [...(inventory.discovered.disks.get(instance.instanceId) ?? [])].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return mounts.flatMap(([mount, candidates]) => {
    const chosen = newestSeries(candidates, (one) => inventory.measurements.get(one));
    if (!chosen) return [];
    const { measuredAt = Number.NEGATIVE_INFINITY, sizeGb: measured } =
      inventory.measurements.get(chosen) ?? {};
    const known = lastKnownSize(
      alarmName(prefix, instance.instanceId, 'critical', mount),
      inventory.alarmsByOwner.get(instance.instanceId),
    );
    const volumeId = volumeOf(instance, chosen, mounts.length);
    const sizeGb =
      measured === undefined
        ? (known ?? inventory.volumes.get(volumeId ?? ''))
        : roundToKnownSize(measured, known);
    return [
      {
        ...chosen,
        lastMetricAt: measuredAt,
        ...(volumeId && { volumeId }),
        ...(sizeGb !== undefined && { sizeGb }),
      },
    ];
  });
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
