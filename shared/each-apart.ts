import { mapLimit } from './concurrency.ts';

/**
 * Works on the items at most `limit` at a time. What fails for one is told to `failed` and stops no other: one group
 * that AWS refuses to change must not cost the instances of all others their notice.
 */
export async function forEachIsolated<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  failed: (item: T, error: unknown) => void,
): Promise<void> {
  await mapLimit([...items], limit, (item) => work(item).catch((error) => failed(item, error)));
}
