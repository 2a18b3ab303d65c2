import { describe, expect, it } from 'vitest';
import { InvalidInputError, RetryableError } from '../../../shared/errors.ts';
import type { HttpRequest } from '../../../shared/events/http.ts';
import { type HttpHandlerOptions, type HttpResponse, httpHandler } from '../../../shared/handlers/http.ts';
import { fakeContext } from '../../support/handlers/context.ts';
import { readEvent } from '../../support/handlers/events.ts';
import { captureOutput } from '../../support/handlers/output.ts';
import { before } from '../../support/handlers/time.ts';

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const output = captureOutput();
const requestId = '8f5f4c1e-2b6b-4b5f-9f0e-0f0e0c0d0b0a';

function handler(
  handle: HttpHandlerOptions['handle'],
  more: Partial<HttpHandlerOptions> = {},
): (event: unknown, remainingMs?: number) => Promise<Answer> {
  const handler = httpHandler({ handle, ...more });
  return async (event, remainingMs = 30_000) =>
    (await handler(event, fakeContext({ remainingMs }))) as Answer;
}

const fine = async (): Promise<HttpResponse> => ({ status: 200, body: 'fine' });

async function requestOf(event: unknown): Promise<HttpRequest | undefined> {
  let seen: HttpRequest | undefined;
  await handler((request) => {
    seen = request;
    return fine();
  })(event);
  return seen;
}

describe('a request', () => {
  it('reaches the wing with its path, parameters and whole query', async () => {
    const request = await requestOf(readEvent('http-get'));
    expect(request).toMatchObject({
      method: 'GET',
      path: '/approvals/s3cr3t',
      route: 'GET /approvals/{token}',
      params: { token: 's3cr3t' },
      body: '',
      sourceIp: '203.0.113.7',
      userAgent: 'Mozilla/5.0',
      requestId: 'JKJaXmPLvHcESHA=',
    });
    expect(request?.query.getAll('choice')).toEqual(['approve', 'again']);
    expect(request?.query.get('note')).toBe('a b');
  });

  it('has its body decoded and its header names in lower case', async () => {
    const request = await requestOf(readEvent('http-post'));
    expect(request?.body).toBe('choice=approve&code=123456');
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it('may be without query, headers, parameters and body', async () => {
    const event = readEvent('http-get');
    for (const member of ['rawQueryString', 'headers', 'pathParameters', 'isBase64Encoded'])
      delete event[member];
    expect(await requestOf(event)).toMatchObject({ params: {}, headers: {}, body: '' });
  });

  it('pollutes nothing', async () => {
    const event = readEvent('http-get');
    event.headers = JSON.parse('{"__proto__":"x","constructor":"y"}');
    event.rawQueryString = '__proto__=x&constructor=y';
    const request = await requestOf(event);
    expect(Object.getPrototypeOf(request?.headers)).toBe(Object.prototype);
    expect(request?.query.get('__proto__')).toBe('x');
  });

  it('is refused when its body is too long', async () => {
    const event = { ...readEvent('http-post'), body: 'x'.repeat(6_000_000), isBase64Encoded: false };
    expect(await handler(fine)(event)).toMatchObject({
      statusCode: 413,
      body: 'At most 16384 bytes are read.\n',
    });
    expect(await handler(fine, { maxBodyBytes: 4 })({ ...event, body: 'éé' })).toMatchObject({
      statusCode: 200,
    });
    expect(await handler(fine, { maxBodyBytes: 4 })({ ...event, body: 'ééé' })).toMatchObject({
      statusCode: 413,
    });
  });

  it('asked for with HEAD is a GET without a body', async () => {
    const event = readEvent('http-get');
    event.requestContext.http.method = 'HEAD';
    expect((await requestOf(event))?.method).toBe('GET');
    expect(await handler(fine)(event)).toMatchObject({ statusCode: 200, body: '' });
    expect(await handler(() => Promise.reject(new Error('x')))(event)).toMatchObject({
      statusCode: 500,
      body: '',
    });
  });

  it.each([null, 'text', {}, { version: '1.0' }])('is refused when it is %j', async (event) => {
    expect(await handler(fine)(event)).toMatchObject({ statusCode: 400 });
    expect(output.counted('Malformed')).toBe(1);
  });
});

describe('the answer', () => {
  it('carries headers that keep it private, which a wing may replace', async () => {
    expect((await handler(fine)(readEvent('http-get'))).headers).toEqual({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'content-type': 'text/plain; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=63072000',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-robots-tag': 'noindex',
    });
    const page = async (): Promise<HttpResponse> => ({
      status: 200,
      headers: { 'Content-Type': 'text/html' },
    });
    const { headers } = await handler(page, { headers: { 'Content-Security-Policy': "form-action 'self'" } })(
      readEvent('http-get'),
    );
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      'content-security-policy': "form-action 'self'",
    });
  });

  it('cannot be split into another header', async () => {
    const split = async (): Promise<HttpResponse> => ({
      status: 302,
      headers: { location: '/x\r\nset-cookie: a=b' },
    });
    const { headers } = await handler(split)(readEvent('http-get'));
    expect(headers.location).toBe('/x set-cookie: a=b');
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it.each<[string, unknown, number, RegExp]>([
    [
      'InvalidInputError',
      new InvalidInputError('code must match /^\\d{6}$/, got "x"'),
      400,
      /^code must match/,
    ],
    ['a passing fault', new RetryableError('the table is throttled'), 503, /^This is taking too long/],
    [
      'a bug',
      new TypeError('secret inner working'),
      500,
      new RegExp(`^Something went wrong on our side. Request ${requestId}\n$`),
    ],
    ['a text', 'secret', 500, /^Something went wrong/],
  ])('to %s', async (_case, error, status, body) => {
    const answer = await handler(() => Promise.reject(error))(readEvent('http-get'));
    expect(answer).toMatchObject({ statusCode: status, body: expect.stringMatching(body) });
    expect(answer.body).not.toContain('secret');
    expect(answer.body).not.toContain('throttled');
    expect(output.text()).not.toContain('s3cr3t');
  });

  it.each([
    undefined,
    null,
    'fine',
    {},
    { status: '200' },
    { status: 99 },
    { status: 200.5 },
    { status: 200, body: {} },
  ])('is a 500 when the wing answers %j', async (garbage) => {
    expect(
      await handler(() => Promise.resolve(garbage as HttpResponse))(readEvent('http-get')),
    ).toMatchObject({
      statusCode: 500,
    });
    expect(output.counted('Failed')).toBe(1);
  });

  it('is a 503 just before the time runs out', async () => {
    const answer = await before(300, () => handler(() => new Promise(() => {}))(readEvent('http-get'), 300));
    expect(answer).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    expect(output.counted('TimedOut')).toBe(1);
  });
});
