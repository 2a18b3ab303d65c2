/** A recovery point of the file system. */
export interface RecoveryPoint {
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly status: string;
}

/** When a build is known to have been on the file system, by history: epoch milliseconds. */
export interface Sighting {
  readonly from: number;
  readonly until: number;
}

/**
 * The recovery point that holds a build most surely: one made while history knows of it, the latest first, then the
 * first one made afterwards, since pruning comes days later.
 */
export function chooseRecoveryPoint(
  points: readonly RecoveryPoint[],
  { from, until }: Sighting,
  tried: readonly string[],
): RecoveryPoint | undefined {
  const usable = points
    .filter(({ arn, status }) => (status === 'COMPLETED' || status === 'AVAILABLE') && !tried.includes(arn))
    .toSorted((a, b) => a.createdAt - b.createdAt);
  const during = usable.findLast(({ createdAt }) => createdAt >= from && createdAt <= until);
  return during ?? usable.find(({ createdAt }) => createdAt > until);
}
