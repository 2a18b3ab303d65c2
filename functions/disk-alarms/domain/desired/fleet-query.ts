import { type DiscoveredDisks, type DiskSeries, dimensionValue } from '../disk.ts';
import type { MetricProfile } from '../metric-profile.ts';

/** A Metrics Insights query over all disks of one profile. */
export interface FleetQuery {
  readonly profile: MetricProfile;
  readonly expression: string;
  /** Number of metrics that it analyses. */
  readonly analysed: number;
}

/** Metrics Insights has only = and !=, joined by AND, so a query names what it leaves out. */
interface Exclusion {
  readonly dimension: string;
  readonly value: string;
}

/** Excluded also before the first of them is listed. */
const pseudoFileSystems = ['devtmpfs', 'overlay', 'squashfs', 'tmpfs', 'vfat', 'iso9660', 'nfs', 'nfs4'];
/** CloudWatch allows 2,048 characters in an expression. */
const MAX_LENGTH = 2048;

/** One query for each profile in use. It leaves out what disk mode leaves out. */
export function fleetQueries(
  { fileSystems }: { readonly fileSystems: ReadonlySet<string> },
  { disks, excluded }: DiscoveredDisks,
): FleetQuery[] {
  const included = [...disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  const byProfile = Map.groupBy(included, ({ profile }) => profile.name);
  return [...byProfile.values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    const others = excluded.filter(({ profile }) => profile.name === first.profile.name);
    const wanted = exclusionsOf(first.profile, { included: some, excluded: others }, fileSystems);
    return [toQuery(first.profile, wanted, [...some, ...others])];
  });
}

interface ProfileSeries {
  readonly included: readonly DiskSeries[];
  readonly excluded: readonly DiskSeries[];
}

function exclusionsOf(
  { mount }: MetricProfile,
  { included, excluded }: ProfileSeries,
  fileSystems: ReadonlySet<string>,
): Exclusion[] {
  const all = [...included, ...excluded];
  const hasFileSystems = all.some((one) => fileSystemOf(one) !== undefined);
  const known = hasFileSystems ? pseudoFileSystems.filter((one) => !fileSystems.has(one)) : [];
  const met = excluded
    .flatMap((one) => fileSystemOf(one) ?? [])
    .filter((one) => !fileSystems.has(one.toLowerCase()));
  const unwanted = [...new Set([...known, ...met.sort()])].map((value) => ({ dimension: 'fstype', value }));
  // A mount that is a disk elsewhere stays: the alarm would miss that disk.
  const disks = new Set(included.map((one) => one.mount));
  const rest = excluded.filter((one) => !isExcluded(one, unwanted) && !disks.has(one.mount));
  const mounts = [
    ...new Set([...(mount === 'instance' ? ['_Total'] : []), ...rest.map((one) => one.mount).sort()]),
  ];
  return [...unwanted, ...mounts.map((value) => ({ dimension: mount, value }))];
}

/** Uses as many exclusions as fit. */
function toQuery(
  profile: MetricProfile,
  wanted: readonly Exclusion[],
  all: readonly DiskSeries[],
): FleetQuery {
  const used: Exclusion[] = [];
  for (const one of wanted) if (formatQuery(profile, [...used, one]).length <= MAX_LENGTH) used.push(one);
  const analysed = all.filter((one) => !isExcluded(one, used)).length;
  return { profile, expression: formatQuery(profile, used), analysed };
}

/** Fullest first, because Metrics Insights returns at most 500 series. */
function formatQuery(
  { namespace, percent, percentIs, mount }: MetricProfile,
  exclusions: readonly Exclusion[],
): string {
  const [statistic, order] = percentIs === 'free' ? ['MIN', 'ASC'] : ['MAX', 'DESC'];
  const conditions = exclusions.map(
    ({ dimension, value }) => `${labelOf(dimension)} != ${quoteValue(value)}`,
  );
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')} ` : '';
  return (
    `SELECT ${statistic}(${quote(percent)}) FROM ${quote(namespace)} ${where}` +
    `GROUP BY InstanceId, ${quote(mount)} ORDER BY ${statistic}() ${order}`
  );
}

function isExcluded({ dimensions }: DiskSeries, exclusions: readonly Exclusion[]): boolean {
  return exclusions.some(({ dimension, value }) => dimensionValue(dimensions, dimension) === value);
}

function fileSystemOf({ dimensions }: DiskSeries): string | undefined {
  return dimensionValue(dimensions, 'fstype');
}

function labelOf(dimension: string): string {
  return dimension === 'fstype' ? dimension : quote(dimension);
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quoteValue(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
