import type { Clock } from '../clock.ts';
import type { Mapping } from '../json.ts';
import type { StandIn } from './emulated-service.ts';
import type { Faults } from './faults.ts';
import type { Moto } from './moto/process.ts';
import type { ApiRequest } from './request.ts';
import type { Call, Caller, InvocationResult } from './types.ts';

/** What the account asks of those who run the functions and the rules. */
export interface Hooks {
  /** Whose work came with these credentials, as a pipeline's job does; nothing when nobody's did. */
  holderOf(accessKey: string): Caller | undefined;
  /** Kills the process with which the caller called; resolves when it is dead. */
  onKill(caller: Caller): void | Promise<void>;
  /** Delivers the caller's payload once more, to another process of the function; resolves when that one ended. */
  onOvertake(caller: Caller): void | Promise<void>;
  /** Takes an event put on the default bus, as a whole envelope. */
  onPublish(event: Mapping): void | Promise<void>;
  /** Invokes a function, named as the API takes it, and waits for its end. */
  onInvoke(functionName: string, payload: unknown): Promise<InvocationResult>;
  /** Hands over an asynchronous invocation. */
  onEnqueue(functionName: string, payload: unknown): void;
  /** Runs `work` when so many milliseconds of the clock have passed. Returns how to call it off. */
  onLater(ms: number, work: () => void | Promise<void>): () => void;
}

/** A call that succeeded. */
export interface Seen {
  readonly caller: Caller;
  readonly input: Mapping;
  readonly output: Mapping;
}

export type Listener = (seen: Seen) => void | Promise<void>;

/** A call whose status is filled in when it has been answered. */
export type Recorded = { -readonly [Key in keyof Call]: Call[Key] };

/** All that a running account keeps. */
export interface Desk {
  readonly moto: Moto;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly standIns: ReadonlyMap<string, StandIn>;
  /** What stand-ins keep, by service. */
  readonly states: Map<string, unknown>;
  readonly calls: Recorded[];
  readonly hooks: Partial<Hooks>;
  /** By `service:action`. */
  readonly listeners: Map<string, Set<Listener>>;
  /** Of furnishing, while it is under way or when it is done. */
  furnishing?: { readonly requests: ApiRequest[]; done: boolean };
}

export function stateOf({ states, standIns }: Desk, service: string): unknown {
  if (!states.has(service)) states.set(service, standIns.get(service)?.createState?.());
  return states.get(service);
}

export function hookOf<Name extends keyof Hooks>({ hooks }: Desk, name: Name): Hooks[Name] {
  const hook = hooks[name];
  if (!hook) throw new Error(`The account needs the hook ${name}: give it one with setHooks.`);
  return hook;
}
