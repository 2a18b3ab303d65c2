import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What an invocation's headers carry, and its payload as JSON. */
interface Handover {
  readonly requestId: string;
  readonly functionArn: string;
  readonly deadline: number;
  readonly clockOffset: number;
  readonly payload: string;
}

/** What a function threw, or what became of its process, in Lambda's own shape. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export interface RuntimeApi {
  /** `host:port`, as AWS_LAMBDA_RUNTIME_API has it. */
  readonly address: string;
  /** Answers the process's poll, now or when it comes: an invocation's time begins only then. */
  hand(handover: () => Handover): void;
  close(): void;
}

export interface RuntimeEvents {
  /** The process took the invocation and has begun. */
  taken(): void;
  answered(requestId: string, body: string): void;
  failed(requestId: string, error: FunctionError): void;
  initFailed(error: FunctionError): void;
}

/** The HTTP API that Lambda offers one sandbox, on a loopback port of its own. */
export async function openRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  let polling: ServerResponse | undefined;
  let waiting: (() => Handover) | undefined;
  const meet = (): void => {
    if (!polling || !waiting) return;
    answerPoll(polling, waiting());
    polling = waiting = undefined;
    events.taken();
  };
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
    if (request.method === 'GET' && path === 'invocation/next') {
      polling = response;
      meet();
      return;
    }
    const body = await readBody(request);
    response.writeHead(202).end();
    report(path, body, events);
  });
  server.keepAliveTimeout = 0; // a warm function may be idle for as long as it likes
  server.requestTimeout = 0;
  return {
    address: await listen(server),
    hand: (handover) => {
      waiting = handover;
      meet();
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerPoll(response: ServerResponse, handover: Handover): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'lambda-runtime-aws-request-id': handover.requestId,
    'lambda-runtime-deadline-ms': String(Math.round(handover.deadline)),
    'lambda-runtime-invoked-function-arn': handover.functionArn,
    'lambda-runtime-trace-id': traceId(handover.requestId),
    'x-groundcrew-clock-offset': String(handover.clockOffset),
  });
  response.end(handover.payload);
}

function traceId(requestId: string): string {
  const digits = requestId.replaceAll('-', '');
  return `Root=1-${digits.slice(0, 8)}-${digits.slice(8)};Parent=${digits.slice(0, 16)};Sampled=0`;
}

function report(path: string, body: string, events: RuntimeEvents): void {
  if (path === 'init/error') events.initFailed(parseError(body));
  const [, id = '', kind] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  if (kind === 'response') events.answered(decodeURIComponent(id), body);
  if (kind === 'error') events.failed(decodeURIComponent(id), parseError(body));
}

function parseError(body: string): FunctionError {
  const { errorType = 'Unknown', errorMessage = body, trace = [] } = JSON.parse(body || '{}');
  return { errorType, errorMessage, trace };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The Runtime API listens on no port');
  return `127.0.0.1:${address.port}`;
}
