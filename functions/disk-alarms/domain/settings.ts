import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { Statistic } from './alarm.ts';
import type { Tags } from './instance.ts';
import { tagKeys } from './tag-keys.ts';

/** Percent or GB of free space. */
export interface Thresholds {
  readonly warning: number;
  readonly critical: number;
}

export interface ThresholdTier extends Thresholds {
  /** The tier applies to disks of this many GB and more, up to the next tier. */
  readonly fromGb: number;
}

/** Settings of an instance's alarms: the wing's parameters, overridden by the instance's tags. */
export interface Settings {
  /** Ascending; the first starts at 0. */
  readonly tiers: readonly ThresholdTier[];
  /** Large disks raise an alarm only if less than this many GB is free, too. */
  readonly minimumFreeGb: Thresholds | undefined;
  readonly periodSeconds: number;
  /** `breaching` of `of` periods must breach. */
  readonly datapoints: { readonly breaching: number; readonly of: number };
  /**
   * `between`: one alarm, on only between both thresholds. `composite`: a composite alarm that the critical alarm
   * suppresses. `independent`: the warning also notifies while the critical alarm is on.
   */
  readonly warningAlarm: 'between' | 'composite' | 'independent';
  /** Statistic of the free space within a period. */
  readonly statistic: Exclude<Statistic, 'SampleCount'>;
  /** The inode alarm's threshold in percent of free inodes; 0 disables it. */
  readonly inodesPercent: number;
  /** Minutes without metrics after which the agent counts as silent; 0 disables the alarm. */
  readonly silentMinutes: number;
  /** An alarm for disks that are full within this many hours at the pace of the past day; 0 disables it. */
  readonly forecastHours: number;
}

/** A parser for each setting, used for its parameter and its tag. The error message follows the name of either. */
export const settingParsers: { readonly [K in keyof Settings]: (raw: string) => Settings[K] } = {
  tiers: parseTiers,
  minimumFreeGb: parseMinimumFree,
  periodSeconds: parsePeriod,
  datapoints: parseDatapoints,
  warningAlarm: parseWarningAlarm,
  statistic: parseStatistic,
  inodesPercent: (raw) => parseNumber(raw, 0, 99),
  silentMinutes: (raw) => parseNumber(raw, 0, 1440),
  forecastHours: (raw) => parseNumber(raw, 0, 168),
};

/** The settings of one instance. @throws InvalidInputError that names the invalid tag */
export function settingsFor(defaults: Settings, tags: Tags): Settings {
  const own = {
    ...defaults,
    ...parseTag('tiers', tags),
    ...parseTag('minimumFreeGb', tags),
    ...parseTag('periodSeconds', tags),
    ...parseTag('datapoints', tags),
    ...parseTag('warningAlarm', tags),
    ...parseTag('statistic', tags),
    ...parseTag('inodesPercent', tags),
    ...parseTag('silentMinutes', tags),
    ...parseTag('forecastHours', tags),
  };
  const fault = rangeError(own);
  if (fault) throw new InvalidInputError(fault);
  return own;
}

function parseTag<K extends keyof Settings>(setting: K, tags: Tags): Partial<Settings> {
  const key = tagKeys[setting];
  const raw = tags[key];
  if (raw === undefined) return {};
  try {
    return { [setting]: settingParsers[setting](raw.trim()) };
  } catch (fault) {
    throw new InvalidInputError(`tag ${key} ${fault instanceof Error ? fault.message : String(fault)}`);
  }
}

/** CloudWatch evaluates at most one day, or seven days for periods of an hour and more. */
export function rangeError({ periodSeconds, datapoints }: Settings): string | undefined {
  const most = periodSeconds >= 3600 ? 604_800 : 86_400;
  if (periodSeconds * datapoints.of <= most) return undefined;
  return `${datapoints.of} periods of ${periodSeconds} seconds are more than the ${most} seconds CloudWatch evaluates`;
}

const percents = /^(\d+):(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/;

function parseTiers(raw: string): readonly ThresholdTier[] {
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
  if (!isAscending) throw new Error(`is ${formatValue(raw)}, expected tiers that start at 0 and ascend`);
  return tiers;
}

function parseMinimumFree(raw: string): Thresholds | undefined {
  if (raw === '0' || raw === 'off') return undefined;
  const [, warning = 0, critical = 0] = /^(\d+)\/(\d+)$/.exec(raw)?.map(Number) ?? [];
  if (critical > 0 && warning >= critical) return { warning, critical };
  throw new Error(`is ${formatValue(raw)}, expected <warning GB>/<critical GB> like 100/50, or off`);
}

function parsePeriod(raw: string): number {
  const seconds = Number(raw);
  if (/^\d+$/.test(raw) && seconds >= 60 && seconds <= 86_400 && seconds % 60 === 0) return seconds;
  throw new Error(`is ${formatValue(raw)}, expected whole minutes in seconds, from 60 to 86400`);
}

function parseDatapoints(raw: string): Settings['datapoints'] {
  const [, breaching = 0, of = 0] = /^(\d+)\/(\d+)$/.exec(raw)?.map(Number) ?? [];
  if (breaching >= 1 && breaching <= of) return { breaching, of };
  throw new Error(`is ${formatValue(raw)}, expected <breaching>/<periods> like 2/3`);
}

function parseWarningAlarm(raw: string): Settings['warningAlarm'] {
  if (raw === 'between' || raw === 'composite' || raw === 'independent') return raw;
  throw new Error(`is ${formatValue(raw)}, expected between, composite or independent`);
}

function parseStatistic(raw: string): Settings['statistic'] {
  if (raw === 'Average' || raw === 'Minimum' || raw === 'Maximum') return raw;
  throw new Error(`is ${formatValue(raw)}, expected Average, Minimum or Maximum`);
}

function parseNumber(raw: string, min: number, max: number): number {
  const value = Number(raw);
  if (/^\d+$/.test(raw) && value >= min && value <= max) return value;
  throw new Error(`is ${formatValue(raw)}, expected a whole number from ${min} to ${max}`);
}

/** @returns undefined if the sizes that a disk may have are in several tiers, or unknown */
export function tierOfAll(
  tiers: readonly ThresholdTier[],
  sizesGb: readonly number[],
): ThresholdTier | undefined {
  const [first, ...others] = tiers.length === 1 ? tiers : new Set(sizesGb.map((gb) => tierOf(tiers, gb)));
  return others.length === 0 ? first : undefined;
}

/** A disk of unknown size gets the first tier, whose thresholds are the highest. */
export function tierOf(tiers: readonly ThresholdTier[], sizeGb = 0): ThresholdTier {
  const tier = tiers.findLast(({ fromGb }) => fromGb <= sizeGb) ?? tiers[0];
  if (tier === undefined) throw new Error('there are no tiers');
  return tier;
}
