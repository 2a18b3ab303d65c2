import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { RawRequest } from './request.ts';
import type { Answer } from './types.ts';

export interface Forwarder {
  /** `more` replaces headers of the request. */
  send(request: RawRequest, more?: Readonly<Record<string, string | number>>): Promise<Answer>;
  close(): void;
}

/** Passes requests on as they are, over kept connections. */
export function forwardTo(base: URL): Forwarder {
  const isSecure = base.protocol === 'https:';
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 32 });
  const start = isSecure ? httpsRequest : httpRequest;
  return {
    close: () => agent.destroy(),
    send: ({ method, url, headers, body }, more = {}) => {
      const { connection: _, 'transfer-encoding': __, ...kept } = headers;
      const path = base.pathname.replace(/\/$/, '') + url;
      return new Promise((resolve, reject) => {
        const outgoing = start(new URL(base.origin), {
          agent,
          method,
          path,
          headers: { ...kept, 'content-length': body.length, ...more },
        });
        outgoing.once('error', (cause) =>
          reject(new Error(`${base.href} does not answer ${method} ${url}.`, { cause })),
        );
        outgoing.once('response', (response) => {
          readAll(response).then(
            (answer) =>
              resolve({ status: response.statusCode ?? 500, headers: answerHeaders(response), body: answer }),
            reject,
          );
        });
        outgoing.end(body);
      });
    },
  };
}

export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** Headers that describe this one connection, or are given anew. */
const hopHeaders = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'transfer-encoding',
]);

function answerHeaders({ headers }: IncomingMessage): Answer['headers'] {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || hopHeaders.has(name) || name.startsWith('access-control-')
      ? []
      : [[name, value] as const],
  );
  return Object.fromEntries(kept);
}
