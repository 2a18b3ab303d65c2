import { alarmName, type Existing } from './alarm.ts';
import type { Disk } from './desired/for-disk.ts';
import { type Candidate, type Found, valueOf } from './disk.ts';
import type { Instance } from './instance.ts';
import { type Measured, newest, steady } from './measurement.ts';

/** What a look at the account found. */
export interface Facts {
  /** Instances to decide on, whether or not EC2 knows them. */
  readonly instanceIds: readonly string[];
  readonly instances: ReadonlyMap<string, Instance>;
  readonly found: Found;
  readonly measured: ReadonlyMap<Candidate, Measured>;
  /** GB by volume id, for disks that could not be measured. */
  readonly volumes: ReadonlyMap<string, number>;
  /** By owner. */
  readonly existing: ReadonlyMap<string, readonly Existing[]>;
  readonly now: number;
}

/** The disks of an instance, one a mount, the smallest name first. */
export function disksOf(
  instance: Instance,
  prefix: string,
  facts: Omit<Facts, 'instanceIds' | 'now'>,
): Disk[] {
  const mounts = [...(facts.found.disks.get(instance.instanceId) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return mounts.flatMap(([mount, candidates]) => {
    const chosen = newest(candidates, (one) => facts.measured.get(one));
    if (!chosen) return [];
    const { at = Number.NEGATIVE_INFINITY, sizeGb: measured } = facts.measured.get(chosen) ?? {};
    const known = knownSize(
      alarmName(prefix, instance.instanceId, 'critical', mount),
      facts.existing.get(instance.instanceId),
    );
    const volumeId = sureVolume(instance, chosen, mounts.length);
    const sizeGb =
      measured === undefined ? (known ?? facts.volumes.get(volumeId ?? '')) : steady(measured, known);
    return [
      { ...chosen, heardAt: at, ...(volumeId && { volumeId }), ...(sizeGb !== undefined && { sizeGb }) },
    ];
  });
}

/** As it was measured when the alarm was last written. */
function knownSize(name: string, mine: readonly Existing[] = []): number | undefined {
  return mine.find((alarm) => alarm.name === name)?.note?.sizeGb;
}

/**
 * The dimension that the agent adds when asked to, or the only volume there is, where the system boots from: another
 * disk may be one of the instance's own. Nothing else is sure on Nitro.
 */
function sureVolume(instance: Instance, disk: Candidate, disks: number): string | undefined {
  const told = valueOf(disk.dimensions, 'VolumeId');
  if (told) return told;
  const isRoot = disk.mount === '/' || disk.mount === 'C:';
  return isRoot && disks === 1 && instance.volumeIds.length === 1 ? instance.volumeIds[0] : undefined;
}
