// What EFS bills for stamped builds, from their stamps: nothing is walked for it.

/** As a stamp says. */
export interface StampedSize {
  readonly files: number;
  readonly bytes: number;
}

/** EFS bills 2 KiB of metadata for each file, and its content in steps of 4 KiB, of which the last one is half full. */
const BYTES_PER_FILE = 2048 + 2048;

/** Standard storage class of a Regional file system, us-east-1. */
const USD_PER_GIB_MONTH = 0.3;

/** What EFS bills for builds, about. */
export interface StoreSize {
  readonly storedBytes: number;
  readonly monthlyUsd: number;
}

export function sizeOf(builds: readonly StampedSize[]): StoreSize {
  const storedBytes = builds.reduce((sum, { bytes, files }) => sum + bytes + files * BYTES_PER_FILE, 0);
  return { storedBytes, monthlyUsd: monthlyUsd(storedBytes) };
}

/** @returns whole cents */
export function monthlyUsd(bytes: number): number {
  return Math.round((bytes / 2 ** 30) * USD_PER_GIB_MONTH * 100) / 100;
}
