import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ProbedOperation } from './schema-probe.ts';
import type { Reply } from './schema-reply.ts';
import { isSigned } from './schema-signature.ts';

/** What went over the wire, and what the caller got back. */
export interface Exchange {
  readonly request: unknown;
  readonly result: unknown;
}

export interface CaptureServer {
  exchange(operation: ProbedOperation, input: unknown, reply: Reply): Promise<Exchange>;
  close(): void;
}

/** Headers that differ between two equal calls, or name the bundle's make. */
const UNSTABLE = new Set([
  'amz-sdk-invocation-id',
  'authorization',
  'user-agent',
  'x-amz-date',
  'x-amz-user-agent',
]);

/** A loopback server that notes one request at a time and answers it as told. */
export async function startCaptureServer(): Promise<CaptureServer> {
  let reply: Reply = { status: 500, headers: {}, body: '' };
  let request: unknown;
  const server = createServer(async (incoming, outgoing) => {
    request = await describeRequest(incoming);
    outgoing.writeHead(reply.status, reply.headers).end(reply.body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    async exchange({ Client, Command }, input, answer) {
      reply = answer;
      request = undefined;
      const client = new Client({ region: 'eu-central-1', endpoint, maxAttempts: 1 });
      const result = await client.send(new Command(input)).then(readWhole).catch(describeFailure);
      client.destroy();
      return { request, result };
    },
    close: () => server.close(),
  };
}

/** A result with its streams read to their ends. Bytes come in classes of each bundle's own: as plain ones. */
export async function readWhole(result: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const members = Object.entries(result).map(async ([name, value]) => {
    if (value instanceof Readable) return [name, Uint8Array.from(await buffer(value))];
    return [name, value instanceof Uint8Array ? Uint8Array.from(value) : value];
  });
  return Object.fromEntries(await Promise.all(members));
}

async function describeRequest(incoming: IncomingMessage): Promise<unknown> {
  const body = await buffer(incoming);
  const headers = Object.entries(incoming.headers).filter(([name]) => !UNSTABLE.has(name));
  const signed = /SignedHeaders=([^,]+)/.exec(incoming.headers.authorization ?? '')?.[1];
  return {
    method: incoming.method,
    path: incoming.url,
    headers: Object.fromEntries(headers),
    signed,
    isSigned: isSigned(incoming, body),
    body: body.toString('latin1'),
  };
}

/** An error as a handler sees it. Its classes come from two bundles, so they are told by their shape ids. */
function describeFailure(error: unknown): unknown {
  if (!(error instanceof Error))
    throw new Error('The client rejected with something that is no error', { cause: error });
  const {
    stack: _,
    $response: __,
    ...own
  } = Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, Reflect.get(error, name)]));
  return { ...own, shapes: shapesOf(error) };
}

function shapesOf(error: Error): readonly unknown[] {
  const shapes: unknown[] = [];
  for (
    let level = Object.getPrototypeOf(error);
    level && level !== Error.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    shapes.push(Reflect.get(level.constructor, 'shapeId'));
  }
  return shapes;
}
