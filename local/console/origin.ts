import type { IncomingMessage } from 'node:http';

/** Whether a form was sent by the page itself. A browser says so, and a page of another site cannot change what it says. */
export function isFromOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { host, origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin') return false;
  return host !== undefined && origin === `http://${host}`;
}

/** Nothing is loaded from elsewhere, and only the script and the style that this very response names run. */
export function securityHeaders(nonce: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'content-type': 'text/html; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    // Without a referrer at all, browsers send forms with the origin "null".
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}
