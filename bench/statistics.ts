/** What repeated measurements of one thing say. */
export interface Summary {
  readonly median: number;
  /** The width of the range in which the true median lies in 95 of 100 cases, as a part of the median. */
  readonly spread: number;
  readonly count: number;
}

/** @param values at least one */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = medianOfSorted(sorted);
  const { low, high } = medianRange(sorted);
  return { median: middle, spread: middle === 0 ? 0 : (high - low) / middle, count: sorted.length };
}

export function median(values: readonly number[]): number {
  return medianOfSorted(values.toSorted((a, b) => a - b));
}

function medianOfSorted(sorted: readonly number[]): number {
  const half = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return (low + high) / 2;
}

/**
 * The values between which the median lies with 95 % confidence, whatever the distribution: the ranks come from a
 * binomial distribution. Fewer than six values are too few for that, and their whole range counts.
 */
function medianRange(sorted: readonly number[]): { readonly low: number; readonly high: number } {
  const count = sorted.length;
  const reach = 1.96 * Math.sqrt(count);
  const first = Math.max(0, Math.floor((count - reach) / 2) - 1);
  return { low: sorted[first] ?? Number.NaN, high: sorted[count - 1 - first] ?? Number.NaN };
}
