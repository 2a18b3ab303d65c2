import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Clock } from '../clock.ts';
import { callerOf } from './caller.ts';
import { loadStandIns } from './emulated-service.ts';
import { openEndpoint } from './external-endpoint.ts';
import { createFaults, type Fault } from './faults.ts';
import { createGateway, furnish } from './gateway.ts';
import { type Desk, type Hooks, type Listener, stateOf } from './gateway-state.ts';
import { startMoto } from './moto/process.ts';
import type { Call } from './types.ts';

export { accessKeyFor } from './caller.ts';
export type { Fault, FaultKind } from './faults.ts';
export type { Hooks, Listener, Seen } from './gateway-state.ts';
export { accountId, type Call, type Caller, region } from './types.ts';

export interface Account {
  /** The endpoint of every service, on loopback. */
  readonly url: string;
  /** In the order in which they came, since the last reset. A call still under way has status 0. */
  readonly calls: readonly Call[];
  injectFault(fault: Fault): void;
  /** Throttles the next so many calls that functions make of an action. */
  throttle(service: string, action: string, calls: number): void;
  clearFaults(): void;
  /** Ends what a fault still refuses in the process that calls with this access key. */
  beginInvocation(accessKey: string): void;
  setHooks(hooks: Partial<Hooks>): void;
  /** Tells of calls that succeeded, before their answers leave. Returns how to stop. */
  onCall(service: string, action: string, listener: Listener): () => void;
  /** What a stand-in keeps, to be filled before functions read it; anew after a reset. */
  stateOf(service: string): unknown;
  /** Empties the account: resources, calls, faults and states. Hooks and listeners stay. */
  reset(): Promise<void>;
  /** Fills the empty account by this work, always the same: after the first time its requests are only repeated. */
  furnish(work: () => Promise<void>): Promise<void>;
  /** Stops the endpoint, and moto if it was started here. May be called again. */
  close(): Promise<void>;
}

export interface AccountOptions {
  /** An executable with moto, as `python()` gives it. */
  readonly python: string;
  readonly clock: Clock;
  /** An account that somebody else runs; without one, moto is started. */
  readonly endpoint?: string | undefined;
}

export async function startAccount(options: AccountOptions): Promise<Account> {
  const desk = await openDesk(options);
  const { faults, listeners } = desk;
  const server = createGateway(desk);
  const url = await listen(server);
  return {
    url,
    calls: desk.calls,
    injectFault: faults.inject,
    throttle: faults.throttle,
    clearFaults: faults.clear,
    beginInvocation: (accessKey) => faults.beginInvocation(callerOf(accessKey)),
    setHooks: (hooks) => {
      Object.assign(desk.hooks, hooks);
    },
    onCall: (service, action, listener) => subscribe(listeners, `${service}:${action}`, listener),
    stateOf: (service) => stateOf(desk, service),
    reset: () => reset(desk),
    furnish: (work) => furnish(desk, work),
    close: () => close(desk, server),
  };
}

async function openDesk({ python, clock, endpoint }: AccountOptions): Promise<Desk> {
  const standIns = await loadStandIns();
  return {
    moto: await (endpoint === undefined ? startMoto(python, clock) : openEndpoint(endpoint)),
    clock,
    faults: createFaults(),
    standIns: new Map(standIns.map((standIn) => [standIn.service, standIn])),
    states: new Map(),
    calls: [],
    hooks: {},
    listeners: new Map(),
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The account listens on no port.');
  return `http://127.0.0.1:${address.port}`;
}

function subscribe(listeners: Desk['listeners'], name: string, listener: Listener): () => void {
  const interested = listeners.get(name) ?? new Set();
  listeners.set(name, interested.add(listener));
  return () => interested.delete(listener);
}

async function reset({ moto, faults, states, calls }: Desk): Promise<void> {
  await moto.reset();
  faults.clear();
  states.clear();
  calls.length = 0;
}

async function close({ moto }: Desk, server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await moto.close();
}
