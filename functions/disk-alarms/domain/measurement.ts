import type { DiskSeries } from './disk.ts';
import { type MetricRole, unitBytes } from './metric-profile.ts';

/** A reading covers five minutes. */
export const READING_PERIOD_MS = 300_000;

/** Newest first; times are the starts of the periods in epoch milliseconds. */
export interface MetricReading {
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export interface Measurement {
  /** End of the newest reading; -Infinity without one. */
  readonly measuredAt: number;
  /** Absent if it cannot be computed: a percentage gives no size when no space is free. */
  readonly sizeGb?: number;
}

const GB = 2 ** 30;
/** Below this percentage the computed size can be wrong by more than a tier. */
const MIN_PERCENT = 1;

/** The metrics to read for a disk: its total size, or percentage and free space, from which the size follows. */
export function rolesToRead({ roles }: DiskSeries): readonly MetricRole[] {
  if (roles.has('total')) return ['total'];
  return roles.has('free') ? ['percent', 'free'] : ['percent'];
}

export function measure(
  candidate: DiskSeries,
  readings: ReadonlyMap<MetricRole, MetricReading>,
): Measurement {
  const ends = [...readings.values()].flatMap(({ times: [last] }) =>
    last === undefined ? [] : [last + READING_PERIOD_MS],
  );
  const measuredAt = Math.max(...ends);
  const bytes = totalBytes(candidate, readings);
  return { measuredAt, ...(bytes !== undefined && bytes > 0 && { sizeGb: toGb(bytes) }) };
}

function totalBytes(
  { profile }: DiskSeries,
  readings: ReadonlyMap<MetricRole, MetricReading>,
): number | undefined {
  const total = readings.get('total')?.values[0];
  if (total !== undefined) return total * unitBytes(profile);
  const free = readings.get('free');
  const percent = readings.get('percent');
  if (!free || !percent) return undefined;
  // Use two values of the same period: one of the series may be a period ahead.
  const freeAt = new Map(free.times.map((time, i) => [time, free.values[i]]));
  for (const [i, time] of percent.times.entries()) {
    const share = percent.values[i] ?? 0;
    const freePercent = profile.percentIs === 'free' ? share : 100 - share;
    const amount = freeAt.get(time);
    if (amount !== undefined && freePercent >= MIN_PERCENT)
      return (amount * unitBytes(profile)) / (freePercent / 100);
  }
  return undefined;
}

function toGb(bytes: number): number {
  const gb = bytes / GB;
  return gb >= 10 ? Math.round(gb) : Math.max(0.1, Math.round(gb * 10) / 10);
}

/** A size computed from two rounded numbers fluctuates. Keep the known size if the change is within the error. */
export function roundToKnownSize(measured: number, known: number | undefined): number {
  const tolerance = Math.max(measured < 10 ? 0.15 : 1, measured * 0.005);
  return known !== undefined && Math.abs(measured - known) <= tolerance ? known : measured;
}

/** Of several series for one mount: the one with the newest data, then the one with the most dimensions. */
export function newestSeries<C extends Pick<DiskSeries, 'dimensions'>>(
  candidates: readonly C[],
  measuredOf: (candidate: C) => Measurement | undefined,
): C | undefined {
  const ageOf = (one: C): number => measuredOf(one)?.measuredAt ?? Number.NEGATIVE_INFINITY;
  return [...candidates].sort(
    (a, b) =>
      compare(ageOf(b), ageOf(a)) ||
      b.dimensions.length - a.dimensions.length ||
      compare(JSON.stringify(a.dimensions), JSON.stringify(b.dimensions)),
  )[0];
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
