import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isMapping, type Mapping, mapping } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';

export interface HttpRequest {
  readonly route: { readonly key: string; readonly parameters: Readonly<Record<string, string>> };
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly now: number;
  readonly accountId: string;
  /** Of a function URL: the path after its own address. */
  readonly path?: string;
  /** Who signed the request. */
  readonly authorizer?: object;
}

/** The event in payload format 2.0. */
export function toHttpEvent(given: HttpRequest): object {
  const { route, request, body, now, accountId, authorizer } = given;
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = given.path ?? url.pathname;
  const { cookie, ...headers } = request.headers;
  const isText = isTextual(request.headers['content-type']);
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: path,
    rawQueryString: url.search.slice(1),
    ...(cookie && { cookies: cookie.split('; ') }),
    headers: mapValues(headers, (value) => [value].flat().join(',')),
    ...(url.search.length > 1 && { queryStringParameters: joinRepeated(url.searchParams) }),
    requestContext: {
      accountId,
      apiId: 'local',
      ...(authorizer && { authorizer }),
      domainName: request.headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.key,
      stage: '$default',
      time: toLogTime(now),
      timeEpoch: now,
    },
    ...(Object.keys(route.parameters).length > 0 && { pathParameters: route.parameters }),
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Formats a time as `12/Mar/2026:19:03:58 +0000`. */
function toLogTime(now: number): string {
  const [, day, month, year, time] = new Date(now).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

function isTextual(contentType = ''): boolean {
  return /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded|.*\+json))/.test(contentType);
}

function joinRepeated(parameters: URLSearchParams): Record<string, string> {
  const names = [...new Set(parameters.keys())];
  return Object.fromEntries(names.map((name) => [name, parameters.getAll(name).join(',')]));
}

export function mapValues<V, W>(
  from: Readonly<Record<string, V>>,
  change: (value: V) => W,
): Record<string, W> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value)]));
}

export function writeResponse(response: ServerResponse, invoked: Invoked): void {
  if (!invoked.ok) {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end('{"message":"Internal Server Error"}');
    return;
  }
  const { status, headers, body } = toResponse(JSON.parse(invoked.payload || 'null'));
  response.writeHead(status, headers);
  response.end(body);
}

interface HttpResponse {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer;
}

/** If the response has no statusCode, API Gateway returns all of it as the body of a 200. */
function toResponse(response: unknown): HttpResponse {
  if (!isMapping(response) || response.statusCode === undefined) {
    const text = typeof response === 'string' ? response : JSON.stringify(response);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text ?? '') };
  }
  const { statusCode, body, cookies } = response;
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  return {
    status: Number(statusCode),
    headers: { ...headersOf(response), ...(Array.isArray(cookies) && { 'set-cookie': cookies.map(String) }) },
    body: Buffer.from(text, response.isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function headersOf({ headers }: Mapping): Record<string, string> {
  const named = Object.entries(mapping(headers)).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { 'content-type': 'text/plain; charset=utf-8', ...Object.fromEntries(named) };
}
