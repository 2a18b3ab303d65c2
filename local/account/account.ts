import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AdjustableClock } from '../clock.ts';
import { callerOf } from './caller.ts';
import { directClientSettings } from './direct-client.ts';
import { loadEmulatedServices } from './emulated-service.ts';
import { connectToEndpoint } from './external-endpoint.ts';
import { createFaults, type Fault } from './faults.ts';
import { answerRequest, createGateway, provision } from './gateway.ts';
import {
  type CallListener,
  type GatewayState,
  type Hooks,
  processKey,
  serviceState,
} from './gateway-state.ts';
import { startMoto } from './moto/process.ts';
import { createStaleReads } from './stale-reads.ts';
import type { Call } from './types.ts';

export { accessKeyFor, observer } from './caller.ts';
export type { Fault, FaultKind } from './faults.ts';
export type { SuccessfulCall } from './gateway-state.ts';
export { accountId, type Caller, region } from './types.ts';

export interface Account {
  /** The endpoint of every service, on loopback. */
  readonly url: string;
  /** Settings for an AWS client of this process. It reaches the account without a connection. */
  clientSettings(accessKeyId: string): object;
  /** All calls since the last reset, in the order they arrived. A call in progress has status 0. */
  readonly calls: readonly Call[];
  injectFault(fault: Fault): void;
  /** Throttles the next `calls` calls of this action that functions make. */
  throttle(service: string, action: string, calls: number): void;
  /** Leaves the next `calls` calls of this action that functions make without a response. */
  stall(service: string, action: string, calls: number): void;
  /** For `ms` after each write to the service, functions read what was there before it. */
  delayReads(service: string, ms: number): void;
  clearFaults(): void;
  /** The process with this access key begins an invocation: ends the faults that still apply to it. */
  beginInvocation(accessKey: string): void;
  setHooks(hooks: Partial<Hooks>): void;
  /** Calls the listener for each successful call, before its response is sent. Returns an unsubscribe function. */
  onCall(service: string, action: string, listener: CallListener): () => void;
  /** The state of an emulated service. Scenarios fill it before functions read it; a reset creates a new one. */
  serviceState(service: string): unknown;
  /** Empties the account: resources, calls, faults and service states. Hooks and listeners stay. */
  reset(): Promise<void>;
  /** Runs `work` to fill an empty account. Later calls replay the requests of the first one, which is faster. */
  provision(work: () => Promise<void>): Promise<void>;
  /** Stops the endpoint, and moto if we started it. Can be called twice. */
  close(): Promise<void>;
}

export interface AccountOptions {
  /** A Python executable that has moto, as `findPython()` returns it. */
  readonly python: string;
  readonly clock: AdjustableClock;
  /** The endpoint of an account that already runs. If undefined, we start moto. */
  readonly endpoint?: string | undefined;
}

export async function startAccount(options: AccountOptions): Promise<Account> {
  const gateway = await createGatewayState(options);
  const { faults, listeners } = gateway;
  const server = createGateway(gateway);
  const url = await listen(server);
  return {
    url,
    clientSettings: (accessKeyId) =>
      directClientSettings(url, accessKeyId, async (raw) => {
        const response = await answerRequest(gateway, raw);
        return response === 'stalled' ? undefined : response;
      }),
    calls: gateway.calls,
    injectFault: faults.inject,
    throttle: faults.throttle,
    stall: faults.stall,
    delayReads: gateway.staleReads.delay,
    clearFaults: faults.clear,
    beginInvocation: (accessKey) => {
      const caller = callerOf(accessKey);
      faults.beginInvocation(caller);
      gateway.begun.add(processKey(caller));
    },
    setHooks: (hooks) => {
      Object.assign(gateway.hooks, hooks);
    },
    onCall: (service, action, listener) => subscribe(listeners, `${service}:${action}`, listener),
    serviceState: (service) => serviceState(gateway, service),
    reset: () => reset(gateway),
    provision: (work) => provision(gateway, work),
    close: () => close(gateway, server),
  };
}

async function createGatewayState({ python, clock, endpoint }: AccountOptions): Promise<GatewayState> {
  const services = await loadEmulatedServices();
  return {
    moto: await (endpoint === undefined ? startMoto(python, clock) : connectToEndpoint(endpoint)),
    clock,
    faults: createFaults(),
    staleReads: createStaleReads(clock),
    services: new Map(services.map((one) => [one.service, one])),
    serviceStates: new Map(),
    calls: [],
    begun: new Set(),
    hooks: {},
    listeners: new Map(),
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The account endpoint has no port.');
  return `http://127.0.0.1:${address.port}`;
}

function subscribe(listeners: GatewayState['listeners'], name: string, listener: CallListener): () => void {
  const registered = listeners.get(name) ?? new Set();
  listeners.set(name, registered.add(listener));
  return () => registered.delete(listener);
}

async function reset({ moto, faults, serviceStates, staleReads, calls, begun }: GatewayState): Promise<void> {
  await moto.reset();
  faults.clear();
  staleReads.clear();
  serviceStates.clear();
  calls.length = 0;
  begun.clear();
}

async function close({ moto }: GatewayState, server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await moto.close();
}
