import * as z from 'zod/mini';
import { parseAs, parseJson } from '#shared/parse.ts';

const bytesOf = { Bytes: 1, Kilobytes: 2 ** 10, Megabytes: 2 ** 20, Gigabytes: 2 ** 30 } as const;
const name = z.string().check(z.minLength(1), z.maxLength(255));

const shape = z.strictObject({
  name: z.string().check(z.regex(/^[a-z0-9-]{1,20}$/)),
  namespace: name,
  /** Percentage of the disk, used or free as `percentIs` says. */
  percent: name,
  percentIs: z.enum(['used', 'free']),
  free: z.optional(name),
  total: z.optional(name),
  /** Unit of `free` and `total`. */
  unit: z._default(z.enum(['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes']), 'Bytes'),
  /** The dimension that names the disk within its instance. */
  mount: name,
  inodesFree: z.optional(name),
  inodesTotal: z.optional(name),
});

/** How an agent configuration names its disk metrics. */
export type MetricProfile = Readonly<z.output<typeof shape>>;

export const builtInProfiles: readonly MetricProfile[] = [
  {
    name: 'linux',
    namespace: 'CWAgent',
    percent: 'disk_used_percent',
    percentIs: 'used',
    free: 'disk_free',
    total: 'disk_total',
    unit: 'Bytes',
    mount: 'path',
    inodesFree: 'disk_inodes_free',
    inodesTotal: 'disk_inodes_total',
  },
  {
    name: 'windows',
    namespace: 'CWAgent',
    percent: 'LogicalDisk % Free Space',
    percentIs: 'free',
    free: 'LogicalDisk Free Megabytes',
    unit: 'Megabytes',
    mount: 'instance',
  },
  {
    // The names that AWS's sample gives to the Windows counters.
    name: 'windows-renamed',
    namespace: 'CWAgent',
    percent: 'FreeStorageSpaceInPercent',
    percentIs: 'free',
    free: 'FreeStorageSpaceInMB',
    unit: 'Megabytes',
    mount: 'instance',
  },
];

/** Parses a JSON list of profiles. @throws Error that says what is wrong */
export function parseProfiles(raw: string): readonly MetricProfile[] {
  const profiles = parseAs(z.array(shape).check(z.minLength(1)), parseJson(raw, 'profiles'), 'profiles');
  const names = profiles.map((one) => one.name);
  if (new Set(names).size < names.length)
    throw new Error(`has two profiles with the same name: ${names.join(', ')}`);
  return profiles;
}

export function unitBytes({ unit }: MetricProfile): number {
  return bytesOf[unit];
}

/** What a metric of a disk measures. */
export type MetricRole = 'percent' | 'free' | 'total' | 'inodesFree' | 'inodesTotal';

export function metricsByRole(
  profile: MetricProfile,
  withInodes: boolean,
): readonly (readonly [MetricRole, string])[] {
  const roles: readonly MetricRole[] = withInodes
    ? ['percent', 'free', 'total', 'inodesFree', 'inodesTotal']
    : ['percent', 'free', 'total'];
  return roles.flatMap((role) => {
    const metric = profile[role];
    return metric === undefined ? [] : [[role, metric] as const];
  });
}
