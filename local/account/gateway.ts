import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Mapping } from '../json.ts';
import { observer } from './caller.ts';
import { ConnectionDroppedError, isHttpResponse, type ServiceContext } from './emulated-service.ts';
import { type FaultKind, internalErrorResponse, throttlingResponse } from './faults.ts';
import {
  type CallRecord,
  type GatewayState,
  processKey,
  requireHook,
  type SuccessfulCall,
  serviceState,
} from './gateway-state.ts';
import { iamActions } from './iam-actions.ts';
import { corrections } from './moto/corrections.ts';
import { accessDeniedError, neededPermissions } from './named-resources.ts';
import { readBody } from './proxy.ts';
import { type ApiRequest, decodeRequest, queryRequest, type RawRequest } from './request.ts';
import { decodeOutput, encodeError, encodeOutput, ServiceError } from './response.ts';
import { accountId, type HttpResponse, region } from './types.ts';

/** The endpoint of every service. */
export function createGateway(gateway: GatewayState): Server {
  const server = createServer((incoming, outgoing) => {
    // Only the connection itself can fail here, so no error response is possible.
    handleHttp(gateway, incoming, outgoing).catch(() => outgoing.destroy());
  });
  // A warm function can keep an idle connection for as long as it lives.
  server.keepAliveTimeout = 0;
  return server;
}

async function handleHttp(
  gateway: GatewayState,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  const raw: RawRequest = { method, url, headers, body: await readBody(incoming) };
  const response = await answerRequest(gateway, raw);
  if (response === 'stalled') return;
  if (response) writeResponse(outgoing, response);
  else outgoing.destroy();
}

/** Returns undefined if there is no response, or if a fault loses it; `stalled` if the caller must give up by itself. */
export async function answerRequest(
  gateway: GatewayState,
  raw: RawRequest,
): Promise<HttpResponse | 'stalled' | undefined> {
  const request = decodeRequest(raw, gateway.hooks.findCaller);
  if (!request) return gateway.moto.send(raw);
  return handleRequest(gateway, request).catch((error: unknown) => internalFailure(request, error));
}

/** Runs `work` once. Later calls replay its requests in the same order, without clients and connections. */
export async function provision(gateway: GatewayState, work: () => Promise<void>): Promise<void> {
  if (gateway.provisioning?.done) {
    for (const request of gateway.provisioning.requests) await replay(gateway, request);
    return;
  }
  gateway.provisioning = { requests: [], done: false };
  await work();
  gateway.provisioning.done = true;
}

async function replay(gateway: GatewayState, request: ApiRequest): Promise<void> {
  const { status, body } = await respond(gateway, request);
  if (status >= 300)
    throw new Error(`${request.service}:${request.action} failed with status ${status}: ${body}`);
}

async function handleRequest(
  gateway: GatewayState,
  request: ApiRequest,
): Promise<HttpResponse | 'stalled' | undefined> {
  const call = recordCall(gateway, request);
  if (request.caller.function !== observer) gateway.calls.push(call);
  if (gateway.provisioning?.done === false) gateway.provisioning.requests.push(request);
  const fault = gateway.faults.nextFault(request);
  if (fault === 'stalled') return fault;
  const response = await respondWithFault(fault, gateway, request).catch((error: unknown) => {
    if (error instanceof ConnectionDroppedError) return undefined;
    return internalFailure(request, error);
  });
  if (response) call.status = response.status;
  if (response && response.status < 300) await notifyListeners(gateway, request, response);
  if (fault === 'killed') await requireHook(gateway, 'onKill')(request.caller);
  return fault === 'killed' || fault === 'lost' ? undefined : response;
}

function recordCall({ begun }: GatewayState, request: ApiRequest): CallRecord {
  const { caller, service, action } = request;
  const isFirst = begun.delete(processKey(caller));
  // The other account decides what an assumed role is allowed to do, so the call needs nothing from our role.
  const iam = caller.account === undefined ? iamActions(request) : [];
  const arrivedAt = performance.now();
  const { function: id, process } = caller;
  return { function: id, service, action, status: 0, iam, process, isFirst, arrivedAt };
}

async function respondWithFault(
  fault: FaultKind | undefined,
  gateway: GatewayState,
  request: ApiRequest,
): Promise<HttpResponse> {
  if (fault === 'throttled') return throttlingResponse(request);
  if (fault === 'failed') return internalErrorResponse(request);
  if (fault === 'duplicated') {
    await gateway.faults.runDuplicate(request.caller, async () =>
      requireHook(gateway, 'onDuplicate')(request.caller),
    );
  }
  return respond(gateway, request);
}

async function respond(gateway: GatewayState, request: ApiRequest): Promise<HttpResponse> {
  const refusal = findDenial(gateway, request) ?? findRefusal(request);
  if (refusal) return encodeError(request, refusal);
  const stale = gateway.staleReads.find(request);
  if (stale) return stale;
  const response = await answer(gateway, request);
  gateway.staleReads.record(request, response);
  return response;
}

async function answer(gateway: GatewayState, request: ApiRequest): Promise<HttpResponse> {
  const operation = gateway.services.get(request.service)?.operations[request.action];
  if (!operation) return forward(gateway, request);
  try {
    const output = await operation(request.input, createContext(gateway, request));
    return isHttpResponse(output) ? output : encodeOutput(request, output);
  } catch (error) {
    if (error instanceof ServiceError) return encodeError(request, error);
    throw error;
  }
}

/** moto keeps many accounts. It takes the account from this header if it did not issue the access key. */
function withAccountHeader(request: ApiRequest): RawRequest {
  const { method, url, headers, body, caller } = request;
  if (caller.account === undefined) return request;
  return { method, url, headers: { ...headers, 'x-moto-account-id': caller.account }, body };
}

/** IAM refuses what the function's role does not allow on the resource that the call names. */
function findDenial({ hooks }: GatewayState, request: ApiRequest): ServiceError | undefined {
  const { caller } = request;
  if (!hooks.isAllowed || caller.account !== undefined) return undefined;
  const denied = neededPermissions(request).find((one) => hooks.isAllowed?.(caller.function, one) === false);
  return denied && accessDeniedError(request, denied);
}

function findRefusal({ service, action, input }: ApiRequest): ServiceError | undefined {
  for (const correction of corrections) {
    if (correction.service !== service || !correction.actions.includes(action)) continue;
    const refusal = correction.refuse?.(input);
    if (refusal) return refusal;
  }
  return undefined;
}

function createContext(gateway: GatewayState, request: ApiRequest): ServiceContext {
  const { service, caller, headers, region: requestedRegion } = request;
  return {
    state: serviceState(gateway, service),
    caller,
    region,
    accountId,
    requestedRegion,
    host: headers.host ?? '',
    principalArn: () => principalOf(gateway, request),
    now: () => gateway.clock.now(),
    publish: async (event) => requireHook(gateway, 'onPublish')(event, caller),
    invoke: (name, payload) => requireHook(gateway, 'onInvoke')(name, payload),
    invokeAsync: (name, payload) => requireHook(gateway, 'onEnqueue')(name, payload),
    runLater: (ms, work) => requireHook(gateway, 'onRunLater')(ms, work),
    forward: async () => forward(gateway, request),
    callMoto: (target, action, form) => callMoto(gateway, target, { Action: action, ...form }),
  };
}

async function forward(gateway: GatewayState, request: ApiRequest): Promise<HttpResponse> {
  return toReadableError(gateway, request, await gateway.moto.send(withAccountHeader(request)));
}

async function callMoto(
  gateway: GatewayState,
  service: string,
  form: Readonly<Record<string, string>>,
): Promise<Mapping> {
  const raw = queryRequest(service, form);
  const request = decodeRequest(raw);
  const response = await gateway.moto.send(raw);
  if (!request || response.status >= 300)
    throw new Error(`moto answered ${service}:${form['Action']} with ${response.status}: ${response.body}`);
  return decodeOutput(request, response);
}

function principalOf({ hooks }: GatewayState, { caller }: ApiRequest): string | undefined {
  if (caller.isAnonymous) return undefined;
  return hooks.findRoleArn?.(caller.function) ?? `arn:aws:iam::${accountId}:user/${caller.function}`;
}

/** moto answers unknown operations with a web page, which the SDK reports as a malformed response. */
function toReadableError({ moto }: GatewayState, request: ApiRequest, response: HttpResponse): HttpResponse {
  if (response.status < 400 || !String(response.headers['content-type'] ?? '').startsWith('text/html'))
    return response;
  const name = `${request.service}:${request.action}`;
  const message =
    response.status === 500
      ? `moto does not support ${name}, or failed in it. ${moto.lastError()}`.trim()
      : `moto does not support ${name}.`;
  return encodeError(request, new ServiceError('NotImplemented', message, 501));
}

async function notifyListeners(
  { listeners }: GatewayState,
  request: ApiRequest,
  response: HttpResponse,
): Promise<void> {
  const registered = listeners.get(`${request.service}:${request.action}`);
  if (!registered?.size) return;
  const call: SuccessfulCall = {
    caller: request.caller,
    input: request.input,
    output: decodeOutput(request, response),
  };
  for (const listener of registered) await listener(call);
}

function internalFailure(request: ApiRequest, error: unknown): HttpResponse {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `The local account failed in ${request.service}:${request.action}: ${reason}`;
  return encodeError(request, new ServiceError('InternalFailure', message, 500));
}

function writeResponse(outgoing: ServerResponse, { status, headers, body }: HttpResponse): void {
  outgoing.writeHead(status, { ...toMutableHeaders(headers), 'content-length': body.length });
  outgoing.end(body);
}

const toMutableHeaders = (headers: HttpResponse['headers']): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
