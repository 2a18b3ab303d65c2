import { HOUR_MS } from '#shared/time.ts';
import type { Trend } from './disk.ts';
import type { MetricReading } from './measurement.ts';
import type { MetricProfile } from './metric-profile.ts';

/** A trend needs readings of half a day. */
const MIN_READINGS = 12;
/** The newest hours must agree, or a single large copy would count as a trend for a day. */
const RECENT_READINGS = 6;

/**
 * The trend of hourly readings of the percentage, newest first.
 * @returns undefined if there are too few readings
 */
export function trendOf(
  reading: MetricReading,
  { percentIs }: Pick<MetricProfile, 'percentIs'>,
): Trend | undefined {
  const points = reading.times.flatMap((time, i) => {
    const value = reading.values[i];
    if (value === undefined) return [];
    return [{ hour: time / HOUR_MS, used: percentIs === 'used' ? value : 100 - value }];
  });
  const [newest] = points;
  if (newest === undefined || points.length < MIN_READINGS) return undefined;
  const perHour = Math.min(slopeOf(points), slopeOf(points.slice(0, RECENT_READINGS)));
  const left = 100 - newest.used;
  return { used: newest.used, hoursUntilFull: perHour > 0 ? left / perHour : Number.POSITIVE_INFINITY };
}

interface Point {
  readonly hour: number;
  readonly used: number;
}

/** Least squares, in percent an hour. */
function slopeOf(points: readonly Point[]): number {
  const hour = meanOf(points.map((one) => one.hour));
  const used = meanOf(points.map((one) => one.used));
  const spread = points.reduce((sum, one) => sum + (one.hour - hour) ** 2, 0);
  const together = points.reduce((sum, one) => sum + (one.hour - hour) * (one.used - used), 0);
  return spread === 0 ? 0 : together / spread;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
