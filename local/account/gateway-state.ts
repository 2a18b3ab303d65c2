import type { AdjustableClock } from '../clock.ts';
import type { Mapping } from '../json.ts';
import type { EmulatedService } from './emulated-service.ts';
import type { Faults } from './faults.ts';
import type { Moto } from './moto/process.ts';
import type { NeededPermission } from './named-resources.ts';
import type { ApiRequest } from './request.ts';
import type { StaleReads } from './stale-reads.ts';
import type { Call, Caller, InvocationResult } from './types.ts';

/** What the account needs from the code that runs functions and rules. */
export interface Hooks {
  /** Finds the function whose payload contained these credentials, as the job of a pipeline does. */
  findCaller(accessKey: string): Caller | undefined;
  /** Whether the role of a function can allow the action on the resource. */
  isAllowed(functionId: string, permission: NeededPermission): boolean;
  /** The ARN of the role of a function. */
  findRoleArn(functionId: string): string | undefined;
  /** Kills the process of the caller. Resolves when it has exited. */
  onKill(caller: Caller): void | Promise<void>;
  /** Delivers the caller's payload to another process of the function. Resolves when that invocation has ended. */
  onDuplicate(caller: Caller): void | Promise<void>;
  /** Receives a complete event that was put on the default bus, and who put it. */
  onPublish(event: Mapping, caller: Caller): void | Promise<void>;
  /** Invokes a function, by any name that the API accepts, and waits for the result. */
  onInvoke(functionName: string, payload: unknown): Promise<InvocationResult>;
  /** Queues an asynchronous invocation. */
  onEnqueue(functionName: string, payload: unknown): void;
  /** Runs `work` when `ms` have passed on the clock. Returns a cancel function. */
  onRunLater(ms: number, work: () => void | Promise<void>): () => void;
}

/** A call that succeeded. */
export interface SuccessfulCall {
  readonly caller: Caller;
  readonly input: Mapping;
  readonly output: Mapping;
}

export type CallListener = (call: SuccessfulCall) => void | Promise<void>;

/** A call whose status is set when it has been answered. */
export type CallRecord = { -readonly [Key in keyof Call]: Call[Key] };

/** Everything that a running account keeps. */
export interface GatewayState {
  readonly moto: Moto;
  readonly clock: AdjustableClock;
  readonly faults: Faults;
  readonly staleReads: StaleReads;
  readonly services: ReadonlyMap<string, EmulatedService>;
  /** The state of each emulated service, by service. */
  readonly serviceStates: Map<string, unknown>;
  readonly calls: CallRecord[];
  /** The processes whose invocation has begun and has not called yet. */
  readonly begun: Set<string>;
  readonly hooks: Partial<Hooks>;
  /** By `service:action`. */
  readonly listeners: Map<string, Set<CallListener>>;
  /** The requests of the first provisioning, while it runs and after it is done. */
  provisioning?: { readonly requests: ApiRequest[]; done: boolean };
}

export const processKey = (caller: Caller): string => `${caller.function} ${caller.process}`;

export function serviceState({ serviceStates, services }: GatewayState, service: string): unknown {
  if (!serviceStates.has(service)) serviceStates.set(service, services.get(service)?.createState?.());
  return serviceStates.get(service);
}

export function requireHook<Name extends keyof Hooks>({ hooks }: GatewayState, name: Name): Hooks[Name] {
  const hook = hooks[name];
  if (!hook) throw new Error(`The account needs the hook ${name}. Set it with setHooks.`);
  return hook;
}
