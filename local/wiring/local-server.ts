import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What the server does with requests. The pack sets it when it has read the template. */
interface RequestHandlers {
  /** Tries the routes of the template. Returns false if none matches. */
  handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<boolean>;
  /** Answers the page and what belongs to it, if no route did. Returns false for any other address. */
  handlePage(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<boolean>;
  /** Puts events on the bus. Returns the rules that each event matched. */
  putEvents(events: readonly unknown[]): Promise<readonly (readonly string[])[]>;
}

export interface LocalServer {
  readonly url: string;
  serve(handlers: RequestHandlers): void;
  close(): void;
}

export const eventsPath = '/_groundcrew/events';
/** Protects against web pages: a page cannot set this header on a cross-origin request without a preflight. */
export const senderHeader = 'x-groundcrew-send';

/** Listens on loopback only. Port 0 takes any free port. */
export async function openLocalServer(port: number): Promise<LocalServer> {
  let handlers: RequestHandlers | undefined;
  const server = createServer(async (request, response) => {
    try {
      if (handlers) await dispatch(request, response, handlers);
      else respond(response.setHeader('refresh', '1'), 503, 'The pack is starting.');
    } catch (error) {
      respond(response, 500, error instanceof Error ? error.message : String(error));
    }
  });
  return {
    url: await listen(server, port),
    serve: (given) => {
      handlers = given;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: RequestHandlers,
): Promise<void> {
  // Prevents DNS rebinding: another site's name could resolve to 127.0.0.1.
  if (!isLocalHost(request.headers.host))
    return respond(response, 403, 'Only 127.0.0.1 and localhost are answered.');
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const body = await readBody(request);
  if (pathname === eventsPath) return receiveEvents(request, body, response, handlers);
  if (await handlers.handle(request, body, response)) return;
  if (await handlers.handlePage(request, body, response)) return;
  respond(response, 404, '{"message":"Not Found"}', 'application/json');
}

async function receiveEvents(
  { method, headers }: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  { putEvents }: RequestHandlers,
): Promise<void> {
  if (method !== 'POST') return respond(response, 405, 'Send events with POST.');
  const isJson = headers['content-type']?.startsWith('application/json') === true;
  if (!isJson || headers[senderHeader] === undefined) {
    return respond(
      response,
      403,
      `Send events as application/json with the header ${senderHeader}, or use npm run send.`,
    );
  }
  try {
    const events: unknown = JSON.parse(body.toString());
    const matched = await putEvents(Array.isArray(events) ? events : [events]);
    respond(response, 200, JSON.stringify({ matched }), 'application/json');
  } catch (error) {
    respond(response, 400, error instanceof Error ? error.message : String(error));
  }
}

function isLocalHost(host = ''): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
}

function respond(
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
  await once(server, 'listening'); // rejects if the port is in use
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The local server has no port');
  return `http://127.0.0.1:${address.port}`;
}
