import type { ServiceError } from './response.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent with the last page. */
  readonly nextToken?: string;
}

/** One page of a list, from where the token of the page before it points to. */
export function pageOf<Item>(
  all: readonly Item[],
  size: number,
  token: unknown,
  invalid: ServiceError,
): Page<Item> {
  const from = token === undefined ? 0 : placeOf(String(token));
  if (from === undefined || from > all.length) throw invalid;
  const end = from + size;
  return { items: all.slice(from, end), ...(end < all.length && { nextToken: tokenOf(end) }) };
}

/** Opaque, so that nobody counts on what is in it. */
const tokenOf = (place: number): string => Buffer.from(`from ${place}`).toString('base64url');

function placeOf(token: string): number | undefined {
  const [, place] = /^from (\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return place === undefined ? undefined : Number(place);
}
