import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Call {
  /** The operation's name, from the header or the form that the protocol puts it in. */
  readonly operation: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type Reply = (response: ServerResponse, call: Call) => void;

export interface FakeService {
  readonly url: string;
  /** What came in since the last `begin`. */
  calls(): readonly Call[];
  /** Forgets the calls; the next ones get these replies in turn, and then always the last of them. */
  begin(...replies: readonly Reply[]): void;
  close(): Promise<void>;
}

/** An AWS service on loopback that answers as it is told: for faults that no stand-in produces on demand. */
export async function startService(): Promise<FakeService> {
  let calls: Call[] = [];
  let replies: readonly Reply[] = [];
  const server = createServer((request, response) => {
    void readCall(request).then((call) => {
      calls.push(call);
      replies[Math.min(calls.length, replies.length) - 1]?.(response, call);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    begin: (...next) => {
      calls = [];
      replies = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const answered =
  (status: number, body = '{}'): Reply =>
  (response) => {
    response.writeHead(status, {
      'content-type': body.startsWith('<') ? 'text/xml' : 'application/x-amz-json-1.1',
    });
    response.end(body);
  };

/** A modelled or unmodelled error of a JSON service. */
export const refused = (name: string, status = 400): Reply =>
  answered(status, JSON.stringify({ __type: name, message: name }));

/** The call arrives, its answer never does. */
export const lost: Reply = (response) => {
  response.destroy();
};

/** The head of an answer, and then nothing. */
export const stalled: Reply = (response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('<');
};

export const silent: Reply = () => {};

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const target = String(request.headers['x-amz-target'] ?? '')
    .split('.')
    .at(-1);
  return {
    operation: target || (new URLSearchParams(body).get('Action') ?? ''),
    body,
    headers: request.headers,
  };
}
