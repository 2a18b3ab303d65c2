import { mapLimit } from '#shared/concurrency.ts';

export interface RefusedItem<T> {
  readonly item: T;
  readonly error: unknown;
}

/**
 * Auto Scaling and both load balancer APIs refuse a whole call because of one item. Then this function calls once per
 * item.
 *
 * @returns the items that were refused on their own
 * @throws any error that is not a refusal
 */
export async function callWithoutRefused<T>(
  items: readonly T[],
  call: (some: readonly T[]) => Promise<unknown>,
  options: { readonly isRefusal: (error: unknown) => boolean; readonly callsAtOnce: number },
): Promise<RefusedItem<T>[]> {
  try {
    await call(items);
    return [];
  } catch (error) {
    if (!options.isRefusal(error)) throw error;
    if (items.length === 1) return items.map((item) => ({ item, error }));
    const refused = await mapLimit(items, options.callsAtOnce, (item) =>
      callWithoutRefused([item], call, options),
    );
    return refused.flat();
  }
}
