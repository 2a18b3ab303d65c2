/** A recovery point of the file system. */
export interface RecoveryPoint {
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly status: string;
}

/** When a build was on the file system, according to the history; epoch milliseconds. */
export interface KnownPresence {
  readonly from: number;
  readonly until: number;
}

/**
 * Chooses the recovery point that most likely contains a build: the latest one from a time when the build was on the file
 * system, otherwise the first one after it, because pruning happens days later.
 */
export function chooseRecoveryPoint(
  points: readonly RecoveryPoint[],
  { from, until }: KnownPresence,
  tried: readonly string[],
): RecoveryPoint | undefined {
  const usable = points
    .filter(({ arn, status }) => (status === 'COMPLETED' || status === 'AVAILABLE') && !tried.includes(arn))
    .toSorted((a, b) => a.createdAt - b.createdAt);
  const during = usable.findLast(({ createdAt }) => createdAt >= from && createdAt <= until);
  return during ?? usable.find(({ createdAt }) => createdAt > until);
}
