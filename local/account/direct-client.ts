import { Readable } from 'node:stream';
import { buildQueryString, type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { authorizationFor } from './caller.ts';
import type { RawRequest } from './request.ts';
import { type HttpResponse as Answer, region } from './types.ts';

/** Answers a request as the endpoint does. Returns undefined if no response comes. */
export type AnswerRequest = (raw: RawRequest) => Promise<Answer | undefined>;

/**
 * Settings for clients of this process, which need no connection and no signature: these take most of the time of a call.
 * Functions run in processes of their own and call the endpoint.
 */
export function directClientSettings(endpoint: string, accessKeyId: string, answer: AnswerRequest): object {
  return {
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey: 'local' },
    maxAttempts: 1,
    signerConstructor: ScopeSigner,
    requestHandler: {
      handle: async (request: HttpRequest) => ({ response: await handle(request, answer) }),
      destroy: () => {},
    },
  };
}

interface Scope {
  readonly credentials: () => Promise<{ readonly accessKeyId: string }>;
  readonly region: string;
  readonly service: string;
}

/** Writes only what the account reads: who calls, and which service of which Region. */
class ScopeSigner {
  readonly #credentials: Scope['credentials'];
  readonly #region: string;
  readonly #service: string;

  constructor({ credentials, region: signedRegion, service }: Scope) {
    this.#credentials = credentials;
    this.#region = signedRegion;
    this.#service = service;
  }

  async sign(
    request: HttpRequest,
    { signingRegion, signingService }: { signingRegion?: string; signingService?: string } = {},
  ): Promise<HttpRequest> {
    const { accessKeyId } = await this.#credentials();
    request.headers.authorization = authorizationFor(
      accessKeyId,
      signingRegion ?? this.#region,
      signingService ?? this.#service,
    );
    return request;
  }
}

async function handle(request: HttpRequest, answer: AnswerRequest): Promise<HttpResponse> {
  const answered = await answer(toRawRequest(request));
  if (!answered) throw new Error('socket hang up');
  const { status, headers, body } = answered;
  return new HttpResponse({ statusCode: status, headers: toText(headers), body: Readable.from([body]) });
}

function toRawRequest({ method, path, query = {}, headers, body }: HttpRequest): RawRequest {
  const queryString = buildQueryString(query);
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method,
    url: queryString ? `${path}?${queryString}` : path,
    headers: Object.fromEntries(lowerCase),
    // Buffer.from would read the bytes as text first.
    body: body instanceof Uint8Array ? Buffer.copyBytesFrom(body) : Buffer.from(body ?? ''),
  };
}

function toText(headers: Answer['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(entries);
}
