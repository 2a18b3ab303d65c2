import type { Candidate } from './disk.ts';
import { type Role, unitBytes } from './metric-profile.ts';

/** Readings are of five minutes each. */
export const READING_MS = 300_000;

/** The newest first; times in epoch milliseconds, of the beginnings. */
export interface Reading {
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export interface Measured {
  /** Until when it told of itself; -Infinity when not within the time that was looked at. */
  readonly at: number;
  /** GB, as far as they can be told: a disk without free space hides its size from those who know the share alone. */
  readonly sizeGb?: number;
}

const GB = 2 ** 30;
/** Below this share the size that follows from it is off by more than a tier. */
const LEAST_PERCENT = 1;

/** What has to be read to measure a disk: one metric where it tells its size, two where the size follows from them. */
export function rolesToRead({ roles }: Candidate): readonly Role[] {
  if (roles.has('total')) return ['total'];
  return roles.has('free') ? ['percent', 'free'] : ['percent'];
}

export function measure(candidate: Candidate, readings: ReadonlyMap<Role, Reading>): Measured {
  const ends = [...readings.values()].flatMap(({ times: [last] }) =>
    last === undefined ? [] : [last + READING_MS],
  );
  const at = Math.max(...ends);
  const bytes = totalBytes(candidate, readings);
  return { at, ...(bytes !== undefined && bytes > 0 && { sizeGb: toGb(bytes) }) };
}

function totalBytes({ profile }: Candidate, readings: ReadonlyMap<Role, Reading>): number | undefined {
  const total = readings.get('total')?.values[0];
  if (total !== undefined) return total * unitBytes(profile);
  const free = readings.get('free');
  const percent = readings.get('percent');
  if (!free || !percent) return undefined;
  // Both of one moment: the two series may have come to the last period at different times.
  const freeAt = new Map(free.times.map((time, i) => [time, free.values[i]]));
  for (const [i, time] of percent.times.entries()) {
    const share = percent.values[i] ?? 0;
    const freePercent = profile.percentIs === 'free' ? share : 100 - share;
    const amount = freeAt.get(time);
    if (amount !== undefined && freePercent >= LEAST_PERCENT)
      return (amount * unitBytes(profile)) / (freePercent / 100);
  }
  return undefined;
}

function toGb(bytes: number): number {
  const gb = bytes / GB;
  return gb >= 10 ? Math.round(gb) : Math.max(0.1, Math.round(gb * 10) / 10);
}

/** What follows from two rounded numbers trembles; a size that did not really change is not worth a new alarm. */
export function steady(measured: number, known: number | undefined): number {
  const tolerance = Math.max(measured < 10 ? 0.15 : 1, measured * 0.005);
  return known !== undefined && Math.abs(measured - known) <= tolerance ? known : measured;
}

/** Of two series of one mount the one that told last; among equals the one that knows most of the disk. */
export function newest<C extends Pick<Candidate, 'dimensions'>>(
  candidates: readonly C[],
  measuredOf: (candidate: C) => Measured | undefined,
): C | undefined {
  const ageOf = (one: C): number => measuredOf(one)?.at ?? Number.NEGATIVE_INFINITY;
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
