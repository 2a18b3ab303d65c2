import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mapping } from '../json.ts';
import type { Answer, Caller, InvocationResult } from './types.ts';

/** What an operation of a stand-in gets to work with. */
export interface StandInContext<State = unknown> {
  readonly state: State;
  readonly caller: Caller;
  readonly region: string;
  readonly accountId: string;
  /** The Region that the call was meant for: some services are in few. */
  readonly askedRegion: string;
  /** Milliseconds of the epoch, by the clock that can be turned. */
  now(): number;
  /** Puts an event, as a whole envelope, on the default bus. */
  publish(event: Mapping): Promise<void>;
  /** Invokes a function of the template, by name or ARN, and waits for its end. */
  invoke(functionName: string, payload: unknown): Promise<InvocationResult>;
  /** Invokes it asynchronously, as CodePipeline does: Lambda repeats what fails. */
  invokeAsync(functionName: string, payload: unknown): void;
  /** Does something when so many milliseconds of the clock have passed. Returns how to call it off. */
  later(ms: number, work: () => void | Promise<void>): () => void;
}

/** Thrown by an operation to answer with nothing: the connection dies, as where no host is or one that is down. */
export class HangUp extends Error {}

/**
 * Gives the members of the answer, or a whole Answer where those are not all (a payload of its own, headers). Throws a
 * ServiceError to answer with an error, or a HangUp.
 */
export type Operation<State = unknown> = (
  input: Mapping,
  context: StandInContext<State>,
) => unknown | Promise<unknown>;

/**
 * Operations that the gateway answers itself because moto lacks them. A file of the folder services, or the index.ts of a
 * folder in it, exports one by default. `createState` makes what the operations share, anew at every reset of the account.
 */
export interface StandIn<State = unknown> {
  /** The IAM prefix. */
  readonly service: string;
  readonly createState?: () => State;
  readonly operations: Readonly<Record<string, Operation<State>>>;
}

/** Ties the types of a stand-in's state and operations together. */
export function defineStandIn<State>(standIn: StandIn<State>): StandIn<State> {
  return standIn;
}

export async function loadStandIns(): Promise<StandIn[]> {
  const folder = join(import.meta.dirname, 'services');
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries
    .map((entry) => (entry.isDirectory() ? `${entry.name}/index.ts` : entry.name))
    .toSorted();
  const loaded = await Promise.all(files.map((file) => loadStandIn(join(folder, file))));
  const services = loaded.map(({ service }) => service);
  const twice = services.find((service, at) => services.indexOf(service) !== at);
  if (twice !== undefined) throw new Error(`${twice} has two stand-ins in ${folder}: make them one.`);
  return loaded;
}

/** Whether an operation gave a whole answer. */
export function isAnswer(output: unknown): output is Answer {
  return typeof output === 'object' && output !== null && 'body' in output && Buffer.isBuffer(output.body);
}

async function loadStandIn(file: string): Promise<StandIn> {
  const module: { readonly default?: unknown } = await import(pathToFileURL(file).href);
  if (!isStandIn(module.default))
    throw new Error(`${file} exports no stand-in by default: a service and operations.`);
  return module.default;
}

function isStandIn(value: unknown): value is StandIn {
  return typeof value === 'object' && value !== null && 'service' in value && 'operations' in value;
}
