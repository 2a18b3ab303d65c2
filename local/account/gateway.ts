import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HangUp, isAnswer, type StandInContext } from './emulated-service.ts';
import { breakDown, type FaultKind, throttle } from './faults.ts';
import { type Desk, hookOf, type Recorded, type Seen, stateOf } from './gateway-state.ts';
import { iamActions } from './iam-actions.ts';
import { corrections } from './moto/corrections.ts';
import { readAll } from './proxy.ts';
import { type ApiRequest, decodeRequest, type RawRequest } from './request.ts';
import { decodeOutput, encodeError, encodeOutput, ServiceError } from './response.ts';
import { type Answer, accountId, region } from './types.ts';

/** The endpoint of every service. */
export function createGateway(desk: Desk): Server {
  const server = createServer((incoming, outgoing) => {
    // What fails here is the connection itself: there is nobody left to tell.
    receive(desk, incoming, outgoing).catch(() => outgoing.destroy());
  });
  // A warm function may keep a connection idle for as long as it lives.
  server.keepAliveTimeout = 0;
  return server;
}

async function receive(desk: Desk, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  const raw: RawRequest = { method, url, headers, body: await readAll(incoming) };
  const request = decodeRequest(raw, desk.hooks.holderOf);
  if (!request) return write(outgoing, await desk.moto.send(raw));
  const answer = await handle(desk, request).catch((error: unknown) => failure(request, error));
  if (answer) write(outgoing, answer);
  else outgoing.destroy();
}

/** Does the work once; later its requests are made again, in their order, past clients and connections. */
export async function furnish(desk: Desk, work: () => Promise<void>): Promise<void> {
  if (desk.furnishing?.done) {
    for (const request of desk.furnishing.requests) await repeat(desk, request);
    return;
  }
  desk.furnishing = { requests: [], done: false };
  await work();
  desk.furnishing.done = true;
}

async function repeat(desk: Desk, request: ApiRequest): Promise<void> {
  const { status, body } = await answerUndisturbed(desk, request);
  if (status >= 300) throw new Error(`${request.service}:${request.action} was refused: ${body}`);
}

/** Nothing when there is no answer, or when it is to be lost. */
async function handle(desk: Desk, request: ApiRequest): Promise<Answer | undefined> {
  const call = record(request);
  desk.calls.push(call);
  if (desk.furnishing?.done === false) desk.furnishing.requests.push(request);
  const fault = desk.faults.strike(request);
  const answer = await answerUnder(fault, desk, request).catch((error: unknown) => {
    if (error instanceof HangUp) return undefined;
    return failure(request, error);
  });
  if (answer) call.status = answer.status;
  if (answer && answer.status < 300) await tell(desk, request, answer);
  if (fault === 'killed') await hookOf(desk, 'onKill')(request.caller);
  return fault === 'killed' || fault === 'lost' ? undefined : answer;
}

function record(request: ApiRequest): Recorded {
  const { caller, service, action } = request;
  // What an assumed role may do is for its own account to say.
  const iam = caller.account === undefined ? iamActions(request) : [];
  return { function: caller.function, service, action, status: 0, iam };
}

async function answerUnder(fault: FaultKind | undefined, desk: Desk, request: ApiRequest): Promise<Answer> {
  if (fault === 'throttled') return throttle(request);
  if (fault === 'failing') return breakDown(request);
  if (fault === 'overtaken') {
    await desk.faults.overtake(request.caller, async () => hookOf(desk, 'onOvertake')(request.caller));
  }
  return answerUndisturbed(desk, request);
}

async function answerUndisturbed(desk: Desk, request: ApiRequest): Promise<Answer> {
  const refusal = refuse(request);
  if (refusal) return encodeError(request, refusal);
  const operation = desk.standIns.get(request.service)?.operations[request.action];
  if (!operation) return readable(desk, request, await desk.moto.send(toAccount(request)));
  try {
    const output = await operation(request.input, contextOf(desk, request));
    return isAnswer(output) ? output : encodeOutput(request, output);
  } catch (error) {
    if (error instanceof ServiceError) return encodeError(request, error);
    throw error;
  }
}

/** moto keeps many accounts, and takes this one for a caller whose key it did not give out. */
function toAccount(request: ApiRequest): RawRequest {
  const { method, url, headers, body, caller } = request;
  if (caller.account === undefined) return request;
  return { method, url, headers: { ...headers, 'x-moto-account-id': caller.account }, body };
}

function refuse({ service, action, input }: ApiRequest): ServiceError | undefined {
  for (const correction of corrections) {
    if (correction.service !== service || !correction.actions.includes(action)) continue;
    const refusal = correction.refuse?.(input);
    if (refusal) return refusal;
  }
  return undefined;
}

function contextOf(desk: Desk, { service, caller, region: askedRegion }: ApiRequest): StandInContext {
  return {
    state: stateOf(desk, service),
    caller,
    region,
    accountId,
    askedRegion,
    now: () => desk.clock.now(),
    publish: async (event) => hookOf(desk, 'onPublish')(event),
    invoke: (name, payload) => hookOf(desk, 'onInvoke')(name, payload),
    invokeAsync: (name, payload) => hookOf(desk, 'onEnqueue')(name, payload),
    later: (ms, work) => hookOf(desk, 'onLater')(ms, work),
  };
}

/** moto answers what it does not know with a web page, which the SDK takes for a broken answer. */
function readable({ moto }: Desk, request: ApiRequest, answer: Answer): Answer {
  if (answer.status < 400 || !String(answer.headers['content-type'] ?? '').startsWith('text/html'))
    return answer;
  const name = `${request.service}:${request.action}`;
  const message =
    answer.status === 500
      ? `moto has no ${name}, or failed in it. ${moto.complaint()}`.trim()
      : `moto has no ${name}.`;
  return encodeError(request, new ServiceError('NotImplemented', message, 501));
}

async function tell({ listeners }: Desk, request: ApiRequest, answer: Answer): Promise<void> {
  const interested = listeners.get(`${request.service}:${request.action}`);
  if (!interested?.size) return;
  const seen: Seen = { caller: request.caller, input: request.input, output: decodeOutput(request, answer) };
  for (const listener of interested) await listener(seen);
}

function failure(request: ApiRequest, error: unknown): Answer {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `The local account failed in ${request.service}:${request.action}: ${reason}`;
  return encodeError(request, new ServiceError('InternalFailure', message, 500));
}

function write(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, { ...mutable(headers), 'content-length': body.length });
  outgoing.end(body);
}

const mutable = (headers: Answer['headers']): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
