import type { Dimension } from './alarm.ts';
import { type Profile, type Role, rolesOf } from './metric-profile.ts';

/** One metric as ListMetrics gives it. */
export interface Series {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: readonly Dimension[];
}

/** The series of one disk, all with the same dimensions; a disk that changed its device has several of these. */
export interface Candidate {
  readonly instanceId: string;
  readonly mount: string;
  readonly profile: Profile;
  readonly dimensions: readonly Dimension[];
  readonly roles: ReadonlySet<Role>;
}

/** Whether or not a disk is to have alarms. */
export interface Skipped {
  readonly what: string;
  readonly reason: string;
}

/** Where Linux mounts what is no disk; told by the path alone where the agent gives no file system. */
const pseudoPaths = /^\/(dev|proc|run|snap|sys)(\/|$)/;
const pseudoVolumes = /^(_Total|HarddiskVolume\d+)$/;

export interface Found {
  /** By instance, then by mount. */
  readonly disks: ReadonlyMap<string, ReadonlyMap<string, readonly Candidate[]>>;
  readonly skipped: readonly Skipped[];
}

/**
 * Sorts series into disks. Left out is what names no instance or no mount, as aggregated series do, and every series
 * of a mount that one of them knows for a pseudo file system. A mount that another series knows for a disk's stays one,
 * without the pseudo file system: older kernels list rootfs over the real root.
 */
export function findDisks(
  series: readonly Series[],
  profiles: readonly Profile[],
  fileSystems: ReadonlySet<string>,
): Found {
  const candidates = groupSeries(series, profiles);
  const certain = new Set(candidates.filter((one) => isOnDisk(one, fileSystems)).map(placeOf));
  const doubted = candidates.filter((one) => !certain.has(placeOf(one)));
  const pseudo = new Map(doubted.flatMap((one) => whyNoDisk(one, fileSystems)));
  const disks = new Map<string, Map<string, Candidate[]>>();
  for (const one of candidates) {
    if (pseudo.has(placeOf(one)) || !one.roles.has('percent')) continue;
    if (certain.has(placeOf(one)) && whyNoDisk(one, fileSystems).length > 0) continue;
    const ofInstance = disks.get(one.instanceId) ?? new Map<string, Candidate[]>();
    disks.set(one.instanceId, ofInstance.set(one.mount, [...(ofInstance.get(one.mount) ?? []), one]));
  }
  return { disks, skipped: [...pseudo].map(([what, reason]) => ({ what, reason })) };
}

function groupSeries(series: readonly Series[], profiles: readonly Profile[]): Candidate[] {
  const known = new Map(
    profiles.flatMap((profile) =>
      rolesOf(profile, true).map(
        ([role, metric]) => [`${profile.namespace}\n${metric}`, { profile, role }] as const,
      ),
    ),
  );
  const groups = new Map<string, { readonly first: Omit<Candidate, 'roles'>; readonly roles: Set<Role> }>();
  for (const { namespace, metric, dimensions } of series) {
    const meaning = known.get(`${namespace}\n${metric}`);
    const instanceId = valueOf(dimensions, 'InstanceId');
    const mount = meaning && valueOf(dimensions, meaning.profile.mount);
    if (!meaning || !instanceId || !mount) continue;
    const { profile, role } = meaning;
    const key = `${profile.name}\n${keyOf(dimensions)}`;
    const group = groups.get(key) ?? { first: { instanceId, mount, profile, dimensions }, roles: new Set() };
    group.roles.add(role);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ first, roles }) => ({ ...first, roles }));
}

/** ListMetrics promises no order of dimensions. */
function keyOf(dimensions: readonly Dimension[]): string {
  return dimensions
    .map(({ Name, Value }) => `${Name}\n${Value}`)
    .sort()
    .join('\n');
}

function isOnDisk({ dimensions }: Candidate, fileSystems: ReadonlySet<string>): boolean {
  return fileSystems.has(valueOf(dimensions, 'fstype')?.toLowerCase() ?? '');
}

function whyNoDisk(one: Candidate, fileSystems: ReadonlySet<string>): readonly (readonly [string, string])[] {
  const fileSystem = valueOf(one.dimensions, 'fstype');
  if (pseudoVolumes.test(one.mount)) return [[placeOf(one), 'no volume of its own']];
  if (fileSystem !== undefined && !fileSystems.has(fileSystem.toLowerCase()))
    return [[placeOf(one), `file system ${fileSystem}`]];
  return fileSystem === undefined && pseudoPaths.test(one.mount)
    ? [[placeOf(one), 'pseudo file system']]
    : [];
}

export function placeOf({ instanceId, mount }: Pick<Candidate, 'instanceId' | 'mount'>): string {
  return `${instanceId} ${mount}`;
}

export function valueOf(dimensions: readonly Dimension[], name: string): string | undefined {
  return dimensions.find(({ Name }) => Name === name)?.Value;
}
