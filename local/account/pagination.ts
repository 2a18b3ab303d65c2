import type { ServiceError } from './response.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Undefined on the last page. */
  readonly nextToken?: string;
}

/** Returns the page of a list that the token of the previous page points to. */
export function paginate<Item>(
  all: readonly Item[],
  size: number,
  token: unknown,
  invalid: ServiceError,
): Page<Item> {
  const from = token === undefined ? 0 : decodeToken(String(token));
  if (from === undefined || from > all.length) throw invalid;
  const end = from + size;
  return { items: all.slice(from, end), ...(end < all.length && { nextToken: encodeToken(end) }) };
}

/** Tokens are opaque, so that nobody depends on their content. */
const encodeToken = (place: number): string => Buffer.from(`from ${place}`).toString('base64url');

function decodeToken(token: string): number | undefined {
  const [, place] = /^from (\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return place === undefined ? undefined : Number(place);
}
