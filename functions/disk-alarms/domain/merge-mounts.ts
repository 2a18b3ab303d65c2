import { type DiskSeries, dimensionValue } from './disk.ts';
import { type Measurement, READING_PERIOD_MS, roundToKnownSize } from './measurement.ts';

/** The series of one mount that counts, and what it measures. */
export interface MeasuredMount extends Measurement {
  readonly series: DiskSeries;
}

/** A disk, named by its shortest mount. */
export interface MergedMount extends MeasuredMount {
  /** The other places where its file system is mounted. */
  readonly otherMounts: readonly string[];
}

/** Series of mounts that exist at the same time are at most this far apart. */
const MAX_DISTANCE_MS = 2 * READING_PERIOD_MS;

/**
 * Mounts of one instance with the same device (or volume) and file system are one disk: bind mounts show the same free
 * space many times. A mount whose data ended earlier is not merged: its device may have a new name or another mount.
 */
export function mergeMounts(mounts: readonly MeasuredMount[]): MergedMount[] {
  const groups: MeasuredMount[][] = [];
  for (const one of [...mounts].sort(byLength)) {
    const group = groups.find(([first]) => first && isSameFileSystem(first, one));
    if (group) group.push(one);
    else groups.push([one]);
  }
  return groups
    .flatMap(([first, ...others]) =>
      first ? [{ ...first, otherMounts: others.map(({ series }) => series.mount) }] : [],
    )
    .sort((a, b) => (a.series.mount < b.series.mount ? -1 : 1));
}

function byLength({ series: a }: MeasuredMount, { series: b }: MeasuredMount): number {
  return a.mount.length - b.mount.length || (a.mount < b.mount ? -1 : 1);
}

function isSameFileSystem(a: MeasuredMount, b: MeasuredMount): boolean {
  const key = fileSystemKey(a.series);
  if (key === undefined || key !== fileSystemKey(b.series)) return false;
  const isSameTime =
    a.measuredAt === b.measuredAt || Math.abs(a.measuredAt - b.measuredAt) <= MAX_DISTANCE_MS;
  return isSameTime && (hasDevice(a.series) || isSameSize(a, b));
}

/** A device holds one file system, a volume may hold several partitions. */
function fileSystemKey({ profile, dimensions }: DiskSeries): string | undefined {
  const place = dimensionValue(dimensions, 'device') ?? dimensionValue(dimensions, 'VolumeId');
  if (place === undefined) return undefined;
  return [profile.name, place, dimensionValue(dimensions, 'fstype') ?? ''].join('\n');
}

function hasDevice({ dimensions }: DiskSeries): boolean {
  return dimensionValue(dimensions, 'device') !== undefined;
}

function isSameSize({ sizeGb: a }: MeasuredMount, { sizeGb: b }: MeasuredMount): boolean {
  return a === undefined || b === undefined || roundToKnownSize(a, b) === b;
}
