import * as z from 'zod/mini';
import { parseAs } from '../parse.ts';

const texts = z.record(z.string(), z.string());

const httpEvent = z.object({
  version: z.literal('2.0'),
  routeKey: z.string(),
  rawPath: z.string(),
  rawQueryString: z._default(z.string(), ''),
  headers: z._default(texts, {}),
  pathParameters: z.nullish(texts),
  body: z.nullish(z.string()),
  isBase64Encoded: z._default(z.boolean(), false),
  requestContext: z.object({
    requestId: z.string(),
    http: z.object({ method: z.string(), sourceIp: z.string(), userAgent: z._default(z.string(), '') }),
    authorizer: z.nullish(
      z.object({ jwt: z.nullish(z.object({ claims: z.record(z.string(), z.unknown()) })) }),
    ),
  }),
});

export interface HttpRequest {
  /** In capitals. HEAD arrives as GET: it is the same question. */
  readonly method: string;
  /** Begins with the stage's name unless the stage is $default. */
  readonly path: string;
  /** The route as the API declares it. Log this one: paths and queries may carry secrets. */
  readonly route: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** Of the token that a JWT authorizer has checked. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A request to an HTTP API or a function URL, payload format 2.0. */
export function parseHttpRequest(event: unknown): HttpRequest {
  const read = parseAs(httpEvent, event, 'HTTP request');
  const { http, requestId, authorizer } = read.requestContext;
  const claims = authorizer?.jwt?.claims;
  return {
    method: http.method.toUpperCase() === 'HEAD' ? 'GET' : http.method.toUpperCase(),
    path: read.rawPath,
    route: read.routeKey,
    params: read.pathParameters ?? {},
    query: new URLSearchParams(read.rawQueryString),
    headers: Object.fromEntries(
      Object.entries(read.headers).map(([name, text]) => [name.toLowerCase(), text]),
    ),
    body: read.isBase64Encoded ? Buffer.from(read.body ?? '', 'base64').toString('utf8') : (read.body ?? ''),
    sourceIp: http.sourceIp,
    userAgent: http.userAgent,
    requestId,
    ...(claims && { claims }),
  };
}
