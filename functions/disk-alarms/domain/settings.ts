import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { Statistic, Tags } from './alarm.ts';

/** Per cent of free space, or GB of it. */
export interface Levels {
  readonly warning: number;
  readonly critical: number;
}

export interface Tier extends Levels {
  /** The tier holds for disks from this many GB on, up to the next tier. */
  readonly fromGb: number;
}

/** What an instance's alarms are made by: the wing's parameters, and over them the instance's tags. */
export interface Settings {
  /** Ascending; the first begins at 0. */
  readonly tiers: readonly Tier[];
  /** Big disks ring only when fewer GB than this are free, too. */
  readonly floorGb: Levels | undefined;
  readonly periodSeconds: number;
  /** So many of so many periods must breach. */
  readonly datapoints: { readonly breaching: number; readonly of: number };
  /** Of the free space within a period. */
  readonly statistic: Exclude<Statistic, 'SampleCount'>;
  /** Per cent of inodes free below which an alarm rings; 0 for no such alarm. */
  readonly inodesPercent: number;
  /** Minutes of silence after which the agent counts as dead; 0 for no such alarm. */
  readonly silentMinutes: number;
}

export const tagKeys = {
  use: 'groundcrew:disk-alarms',
  topic: 'groundcrew:disk-topic',
  tiers: 'groundcrew:disk-tiers',
  floorGb: 'groundcrew:disk-floor-gb',
  periodSeconds: 'groundcrew:disk-period',
  datapoints: 'groundcrew:disk-datapoints',
  statistic: 'groundcrew:disk-statistic',
  inodesPercent: 'groundcrew:disk-inodes',
  silentMinutes: 'groundcrew:disk-silent',
} as const;

/** One reader a setting, for its parameter and for its tag. Each throws what is wrong, in words that follow a name. */
export const readers: { readonly [K in keyof Settings]: (raw: string) => Settings[K] } = {
  tiers: readTiers,
  floorGb: readFloor,
  periodSeconds: readPeriod,
  datapoints: readDatapoints,
  statistic: readStatistic,
  inodesPercent: (raw) => readNumber(raw, 0, 99),
  silentMinutes: (raw) => readNumber(raw, 0, 1440),
};

/** The settings of one instance; BadInput names the tag that does not parse. */
export function settingsOf(defaults: Settings, tags: Tags): Settings {
  const own = {
    ...defaults,
    ...read('tiers', tags),
    ...read('floorGb', tags),
    ...read('periodSeconds', tags),
    ...read('datapoints', tags),
    ...read('statistic', tags),
    ...read('inodesPercent', tags),
    ...read('silentMinutes', tags),
  };
  const fault = rangeFault(own);
  if (fault) throw new InvalidInputError(fault);
  return own;
}

function read<K extends keyof Settings>(setting: K, tags: Tags): Partial<Settings> {
  const key = tagKeys[setting];
  const raw = tags[key];
  if (raw === undefined) return {};
  try {
    return { [setting]: readers[setting](raw.trim()) };
  } catch (fault) {
    throw new InvalidInputError(`tag ${key} ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}

/** CloudWatch evaluates at most a day, and seven of them for periods of an hour and more. */
export function rangeFault({ periodSeconds, datapoints }: Settings): string | undefined {
  const most = periodSeconds >= 3600 ? 604_800 : 86_400;
  if (periodSeconds * datapoints.of <= most) return undefined;
  return `${datapoints.of} periods of ${periodSeconds} seconds are more than the ${most} seconds CloudWatch evaluates`;
}

const percents = /^(\d+):(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/;

function readTiers(raw: string): readonly Tier[] {
  const tiers = raw.split(/\s+/).map((entry) => {
    const [, from, warning, critical] = percents.exec(entry) ?? [];
    const tier = { fromGb: Number(from), warning: Number(warning), critical: Number(critical) };
    if (from !== undefined && tier.warning < 100 && tier.critical <= tier.warning && tier.critical > 0)
      return tier;
    throw new Error(
      `has the tier ${formatValue(entry)}, expected <from GB>:<warning %>/<critical %> like 0:30/20`,
    );
  });
  const isAscending = tiers.every(({ fromGb }, at) =>
    at === 0 ? fromGb === 0 : fromGb > (tiers[at - 1]?.fromGb ?? 0),
  );
  if (!isAscending) throw new Error(`is ${formatValue(raw)}, expected tiers that begin at 0 and rise`);
  return tiers;
}

function readFloor(raw: string): Levels | undefined {
  if (raw === '0' || raw === 'off') return undefined;
  const [, warning = 0, critical = 0] = /^(\d+)\/(\d+)$/.exec(raw)?.map(Number) ?? [];
  if (critical > 0 && warning >= critical) return { warning, critical };
  throw new Error(`is ${formatValue(raw)}, expected <warning GB>/<critical GB> like 100/50, or off`);
}

function readPeriod(raw: string): number {
  const seconds = Number(raw);
  if (/^\d+$/.test(raw) && seconds >= 60 && seconds <= 86_400 && seconds % 60 === 0) return seconds;
  throw new Error(`is ${formatValue(raw)}, expected seconds from 60 to 86400 that are whole minutes`);
}

function readDatapoints(raw: string): Settings['datapoints'] {
  const [, breaching = 0, of = 0] = /^(\d+)\/(\d+)$/.exec(raw)?.map(Number) ?? [];
  if (breaching >= 1 && breaching <= of) return { breaching, of };
  throw new Error(`is ${formatValue(raw)}, expected <breaching>/<periods> like 2/3`);
}

function readStatistic(raw: string): Settings['statistic'] {
  if (raw === 'Average' || raw === 'Minimum' || raw === 'Maximum') return raw;
  throw new Error(`is ${formatValue(raw)}, expected Average, Minimum or Maximum`);
}

function readNumber(raw: string, min: number, max: number): number {
  const value = Number(raw);
  if (/^\d+$/.test(raw) && value >= min && value <= max) return value;
  throw new Error(`is ${formatValue(raw)}, expected a whole number from ${min} to ${max}`);
}

/** A disk whose size nobody knows gets the first tier, which rings earliest. */
export function tierOf(tiers: readonly Tier[], sizeGb = 0): Tier {
  const tier = tiers.findLast(({ fromGb }) => fromGb <= sizeGb) ?? tiers[0];
  if (tier === undefined) throw new Error('there are no tiers');
  return tier;
}
