import { expect, it } from 'vitest';
import { isFromOwnPage, securityHeaders } from '../../../local/console/origin.ts';

const host = '127.0.0.1:3000';

it.each([
  ['a form of the page', { host, origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' }, true],
  ['a browser without fetch metadata', { host, origin: 'http://127.0.0.1:3000' }, true],
  ['a form of another site', { host, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
  ['a page on another port', { host, origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-site' }, false],
  ['a form that hides where it is from', { host, origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
  [
    'an origin that fits and a site that does not',
    { host, origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'none' },
    false,
  ],
  ['no browser', { host }, false],
])('%s: %j is %s', (_, headers, expected) => {
  expect(isFromOwnPage({ headers })).toBe(expected);
});

it('allows nothing but its own script, style and forms', () => {
  const policy = securityHeaders('abc')['content-security-policy'] ?? '';

  expect(policy.split('; ').sort()).toEqual([
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "script-src 'nonce-abc'",
    "style-src 'nonce-abc'",
  ]);
});
