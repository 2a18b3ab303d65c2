import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What the pack's own port serves. Set once the template is known. */
export interface Served {
  /** The template's routes: they come first. */
  answer(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<boolean>;
  page(): string;
  /** Puts events and tells which rules each of them matched. */
  send(events: readonly unknown[]): Promise<readonly (readonly string[])[]>;
}

export interface LocalServer {
  readonly url: string;
  serve(served: Served): void;
  close(): void;
}

export const eventsPath = '/_groundcrew/events';
/** A web page cannot set it on a request to another origin without asking first, and is never answered. */
export const senderHeader = 'x-groundcrew-send';

/** Listens on loopback alone; port 0 takes any free one. */
export async function openLocalServer(port: number): Promise<LocalServer> {
  let served: Served | undefined;
  const server = createServer(async (request, response) => {
    try {
      if (served) await dispatch(request, response, served);
      else answer(response, 503, 'The pack is starting.');
    } catch (error) {
      answer(response, 500, error instanceof Error ? error.message : String(error));
    }
  });
  return {
    url: await listen(server, port),
    serve: (now) => {
      served = now;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function dispatch(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  // A name that resolves to 127.0.0.1 would make a foreign page's requests look like our own.
  if (!isLocalHost(request.headers.host))
    return answer(response, 403, 'Only 127.0.0.1 and localhost are answered.');
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const body = await readBody(request);
  if (pathname === eventsPath) return receiveEvents(request, body, response, served);
  if (await served.answer(request, body, response)) return;
  if (pathname === '/' && request.method === 'GET')
    return answer(response, 200, served.page(), 'text/html; charset=utf-8');
  answer(response, 404, '{"message":"Not Found"}', 'application/json');
}

async function receiveEvents(
  { method, headers }: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  { send }: Served,
): Promise<void> {
  if (method !== 'POST') return answer(response, 405, 'Events are posted.');
  const isJson = headers['content-type']?.startsWith('application/json') === true;
  if (!isJson || headers[senderHeader] === undefined) {
    return answer(
      response,
      403,
      `Events come as application/json with the header ${senderHeader}: use npm run send.`,
    );
  }
  try {
    const events: unknown = JSON.parse(body.toString());
    const matched = await send(Array.isArray(events) ? events : [events]);
    answer(response, 200, JSON.stringify({ matched }), 'application/json');
  } catch (error) {
    answer(response, 400, error instanceof Error ? error.message : String(error));
  }
}

function isLocalHost(host = ''): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening'); // rejects when the port is taken
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The pack listens on no port');
  return `http://127.0.0.1:${address.port}`;
}
