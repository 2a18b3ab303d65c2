import type { HttpRequest } from '#shared/events/http.ts';
import { isToken } from '../domain/link-token.ts';

/** The two parts of a personal link: the build's key in the table, and the approver's token. */
export interface Link {
  readonly image: string;
  readonly token: string;
}

/** @returns undefined for a path that cannot be one of our links */
export function parseLink({ params: { image = '', token = '' } }: HttpRequest): Link | undefined {
  return /^[0-9a-f]{32}$/.test(image) && isToken(token) ? { image, token } : undefined;
}

/** Browsers say which site sent a form. This stops forms of other sites, even if they know the token. */
export function isOwnForm({ headers }: HttpRequest): boolean {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
  return isForm && ['same-origin', 'none', undefined].includes(headers['sec-fetch-site']);
}
