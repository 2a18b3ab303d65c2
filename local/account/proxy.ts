import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { RawRequest } from './request.ts';
import type { HttpResponse } from './types.ts';

export interface Forwarder {
  /** `extraHeaders` override headers of the request. */
  send(request: RawRequest, extraHeaders?: Readonly<Record<string, string | number>>): Promise<HttpResponse>;
  close(): void;
}

/** Forwards requests unchanged, over persistent connections. */
export function createForwarder(base: URL): Forwarder {
  const isSecure = base.protocol === 'https:';
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 32 });
  const start = isSecure ? httpsRequest : httpRequest;
  return {
    close: () => agent.destroy(),
    send: ({ method, url, headers, body }, extraHeaders = {}) => {
      const { connection: _, 'transfer-encoding': __, ...kept } = headers;
      const path = base.pathname.replace(/\/$/, '') + url;
      return new Promise((resolve, reject) => {
        const outgoing = start(new URL(base.origin), {
          agent,
          method,
          path,
          headers: { ...kept, 'content-length': body.length, ...extraHeaders },
        });
        outgoing.once('error', (cause) =>
          reject(new Error(`${base.href} does not answer ${method} ${url}.`, { cause })),
        );
        outgoing.once('response', (response) => {
          readBody(response).then(
            (body) =>
              resolve({
                status: response.statusCode ?? 500,
                headers: responseHeaders(response),
                body,
              }),
            reject,
          );
        });
        outgoing.end(body);
      });
    },
  };
}

export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** Headers that belong to one connection, or that our own server sets. */
const hopHeaders = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'transfer-encoding',
]);

function responseHeaders({ headers }: IncomingMessage): HttpResponse['headers'] {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || hopHeaders.has(name) || name.startsWith('access-control-')
      ? []
      : [[name, value] as const],
  );
  return Object.fromEntries(kept);
}
