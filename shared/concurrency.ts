/**
 * Runs `fn` over the items, at most `limit` at a time, and returns the results in the items' order.
 * After a rejection nothing more is started, and the first error is thrown once all that was started has
 * settled: no call goes on behind the back of an invocation that has already answered.
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
