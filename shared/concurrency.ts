/**
 * Runs `fn` over the items, at most `limit` at a time, and returns the results in the items' order. After a failure
 * it starts nothing more and throws the first error when all running calls have ended: none outlives its invocation.
 */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  fn: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`Expected a limit of 1 or more, got ${limit}`);
  const results: R[] = new Array(items.length);
  const failures: unknown[] = [];
  const queue = items.entries();
  async function work(): Promise<void> {
    for (const [index, item] of queue) {
      try {
        results[index] = await fn(item, index);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * Works on the items, at most `limit` at a time, and reports each failure to `failed`. One item that AWS refuses must
 * not stop the others.
 */
export async function forEachIsolated<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  failed: (item: T, error: unknown) => void,
): Promise<void> {
  await mapLimit([...items], limit, (item) => work(item).catch((error) => failed(item, error)));
}

/** The items in order, in arrays of `size`; the last may be shorter. */
export function chunk<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`Expected a chunk size of 1 or more, got ${size}`);
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
