import type { Dimension } from './alarm.ts';
import { type MetricProfile, type MetricRole, metricsByRole } from './metric-profile.ts';

/** How fast a disk fills up. */
export interface Trend {
  /** Percent used, the average of the newest hour. */
  readonly used: number;
  /** Hours until it is full at this pace; Infinity if it does not fill up. */
  readonly hoursUntilFull: number;
}

/** A disk with its size and volume, if known. */
export interface Disk extends DiskSeries {
  readonly sizeGb?: number;
  /** Sizes that are possible if none is known; empty if any is. */
  readonly possibleGb?: readonly number[];
  /** Other places where its file system is mounted. */
  readonly otherMounts: readonly string[];
  /** Only if it is certain. */
  readonly volumeId?: string;
  /** Only if it is read and there are enough readings. */
  readonly trend?: Trend;
  /** End of its newest reading in epoch milliseconds; -Infinity without one in the past hour. */
  readonly lastMetricAt: number;
}

/** A metric as ListMetrics returns it. */
export interface MetricSeries {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: readonly Dimension[];
}

/** Metrics of one disk with the same dimensions. A disk whose device name changed has several. */
export interface DiskSeries {
  readonly instanceId: string;
  readonly mount: string;
  readonly profile: MetricProfile;
  readonly dimensions: readonly Dimension[];
  readonly roles: ReadonlySet<MetricRole>;
}

/** A disk or instance without alarms, and the reason. */
export interface SkippedItem {
  readonly what: string;
  readonly reason: string;
}

/** Linux mount points of pseudo file systems, for agents that do not send the file system type. */
const pseudoPaths = /^\/(dev|proc|run|snap|sys)(\/|$)/;
const pseudoVolumes = /^(_Total|HarddiskVolume\d+)$/;

/** Which series are disks that get alarms. */
export interface DiskRules {
  readonly profiles: readonly MetricProfile[];
  readonly fileSystems: ReadonlySet<string>;
  /** Mounts without alarms; `*` stands for any characters. */
  readonly ignoreMounts: readonly string[];
}

export interface DiscoveredDisks {
  /** By instance, then by mount. */
  readonly disks: ReadonlyMap<string, ReadonlyMap<string, readonly DiskSeries[]>>;
  readonly skipped: readonly SkippedItem[];
  /** Series with a percentage that are not disks: what a query over all series must leave out. */
  readonly excluded: readonly DiskSeries[];
}

/**
 * Groups metrics by disk. Ignores metrics without instance or mount (aggregates) and mounts with a pseudo file system,
 * unless another metric reports a real one for that mount: older kernels list rootfs over the real root.
 */
export function findDisks(
  series: readonly MetricSeries[],
  { profiles, fileSystems, ignoreMounts }: DiskRules,
): DiscoveredDisks {
  const isIgnored = matcherOf(ignoreMounts);
  const all = groupSeries(series, profiles);
  const ignored = new Set(all.filter(({ mount }) => isIgnored(mount)).map(mountKey));
  const candidates = all.filter((one) => !ignored.has(mountKey(one)));
  const certain = new Set(candidates.filter((one) => hasDiskFileSystem(one, fileSystems)).map(mountKey));
  const doubted = candidates.filter((one) => !certain.has(mountKey(one)));
  const pseudo = new Map(doubted.flatMap((one) => notDiskReason(one, fileSystems)));
  const disks = new Map<string, Map<string, DiskSeries[]>>();
  const included = new Set<DiskSeries>();
  for (const one of candidates) {
    if (pseudo.has(mountKey(one)) || !one.roles.has('percent')) continue;
    if (certain.has(mountKey(one)) && notDiskReason(one, fileSystems).length > 0) continue;
    const ofInstance = disks.get(one.instanceId) ?? new Map<string, DiskSeries[]>();
    included.add(one);
    disks.set(one.instanceId, ofInstance.set(one.mount, [...(ofInstance.get(one.mount) ?? []), one]));
  }
  const reasons = [...pseudo, ...[...ignored].map((what) => [what, 'ignored by IgnoreMounts'] as const)];
  const excluded = all.filter((one) => one.roles.has('percent') && !included.has(one));
  return { disks, skipped: reasons.map(([what, reason]) => ({ what, reason })), excluded };
}

function matcherOf(patterns: readonly string[]): (mount: string) => boolean {
  if (patterns.length === 0) return () => false;
  const sources = patterns.map((pattern) => pattern.split('*').map(escapeRegExp).join('.*'));
  const expression = new RegExp(`^(?:${sources.join('|')})$`, 's');
  return (mount) => expression.test(mount);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function groupSeries(series: readonly MetricSeries[], profiles: readonly MetricProfile[]): DiskSeries[] {
  const known = new Map(
    profiles.flatMap((profile) =>
      metricsByRole(profile, true).map(
        ([role, metric]) => [`${profile.namespace}\n${metric}`, { profile, role }] as const,
      ),
    ),
  );
  const groups = new Map<
    string,
    { readonly first: Omit<DiskSeries, 'roles'>; readonly roles: Set<MetricRole> }
  >();
  for (const { namespace, metric, dimensions } of series) {
    const meaning = known.get(`${namespace}\n${metric}`);
    const instanceId = dimensionValue(dimensions, 'InstanceId');
    const mount = meaning && dimensionValue(dimensions, meaning.profile.mount);
    if (!meaning || !instanceId || !mount) continue;
    const { profile, role } = meaning;
    const key = `${profile.name}\n${dimensionsKey(dimensions)}`;
    const group = groups.get(key) ?? { first: { instanceId, mount, profile, dimensions }, roles: new Set() };
    group.roles.add(role);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ first, roles }) => ({ ...first, roles }));
}

/** Sorted, because ListMetrics returns dimensions in any order. */
function dimensionsKey(dimensions: readonly Dimension[]): string {
  return dimensions
    .map(({ Name, Value }) => `${Name}\n${Value}`)
    .sort()
    .join('\n');
}

function hasDiskFileSystem({ dimensions }: DiskSeries, fileSystems: ReadonlySet<string>): boolean {
  return fileSystems.has(dimensionValue(dimensions, 'fstype')?.toLowerCase() ?? '');
}

function notDiskReason(
  one: DiskSeries,
  fileSystems: ReadonlySet<string>,
): readonly (readonly [string, string])[] {
  const fileSystem = dimensionValue(one.dimensions, 'fstype');
  if (pseudoVolumes.test(one.mount)) return [[mountKey(one), 'not a volume']];
  if (fileSystem !== undefined && !fileSystems.has(fileSystem.toLowerCase()))
    return [[mountKey(one), `file system ${fileSystem}`]];
  return fileSystem === undefined && pseudoPaths.test(one.mount)
    ? [[mountKey(one), 'pseudo file system']]
    : [];
}

function mountKey({ instanceId, mount }: Pick<DiskSeries, 'instanceId' | 'mount'>): string {
  return `${instanceId} ${mount}`;
}

export function dimensionValue(dimensions: readonly Dimension[], name: string): string | undefined {
  return dimensions.find(({ Name }) => Name === name)?.Value;
}
