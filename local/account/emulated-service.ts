import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mapping } from '../json.ts';
import type { Caller, HttpResponse, InvocationResult } from './types.ts';

/** What an operation of an emulated service can use. */
export interface ServiceContext<State = unknown> {
  readonly state: State;
  readonly caller: Caller;
  readonly region: string;
  readonly accountId: string;
  /** The Region that the call was signed for: some services exist only in a few Regions. */
  readonly requestedRegion: string;
  /** Host and port that the call was sent to. */
  readonly host: string;
  /** The ARN of the caller's role, or of the user who plays the scenario; undefined if nobody signed the request. */
  principalArn(): string | undefined;
  /** The time on the pack's clock, in milliseconds since 1970. */
  now(): number;
  /** Puts a complete event on the default bus. */
  publish(event: Mapping): Promise<void>;
  /** Invokes a function of the template, by name or ARN, and waits for the result. */
  invoke(functionName: string, payload: unknown): Promise<InvocationResult>;
  /** Invokes a function asynchronously, as CodePipeline does: Lambda retries failures. */
  invokeAsync(functionName: string, payload: unknown): void;
  /** Runs `work` when `ms` have passed on the clock. Returns a cancel function. */
  runLater(ms: number, work: () => void | Promise<void>): () => void;
  /** Lets moto answer this request. */
  forward(): Promise<HttpResponse>;
  /** Sends a request of the query protocol to moto, with the members in the form `Tag.1.Key`. @returns the output */
  callMoto(service: string, action: string, form: Readonly<Record<string, string>>): Promise<Mapping>;
}

/** An operation throws this to drop the connection, as if the host did not exist or were down. */
export class ConnectionDroppedError extends Error {}

/**
 * Returns the members of the response, or a complete HttpResponse if it needs headers or a payload of its own. Throws a
 * ServiceError to respond with an error, or a ConnectionDroppedError.
 */
export type Operation<State = unknown> = (
  input: Mapping,
  context: ServiceContext<State>,
) => unknown | Promise<unknown>;

/**
 * Operations that the gateway handles itself because moto lacks them. Each file in services/, or index.ts of a folder
 * there, exports one as its default. Each reset of the account calls `createState`.
 */
export interface EmulatedService<State = unknown> {
  /** The service by its IAM prefix. */
  readonly service: string;
  readonly createState?: () => State;
  readonly operations: Readonly<Record<string, Operation<State>>>;
}

/** Checks that the operations use the type of the state. */
export function defineEmulatedService<State>(service: EmulatedService<State>): EmulatedService<State> {
  return service;
}

export async function loadEmulatedServices(): Promise<EmulatedService[]> {
  const folder = join(import.meta.dirname, 'services');
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries
    .map((entry) => (entry.isDirectory() ? `${entry.name}/index.ts` : entry.name))
    .toSorted();
  const loaded = await Promise.all(files.map((file) => loadEmulatedService(join(folder, file))));
  const services = loaded.map(({ service }) => service);
  const duplicate = services.find((service, at) => services.indexOf(service) !== at);
  if (duplicate !== undefined)
    throw new Error(`Two files in ${folder} emulate ${duplicate}. Merge them into one.`);
  return loaded;
}

/** Whether an operation returned a complete response. */
export function isHttpResponse(output: unknown): output is HttpResponse {
  return typeof output === 'object' && output !== null && 'body' in output && Buffer.isBuffer(output.body);
}

async function loadEmulatedService(file: string): Promise<EmulatedService> {
  const module: { readonly default?: unknown } = await import(pathToFileURL(file).href);
  if (!isEmulatedService(module.default))
    throw new Error(
      `${file} must export an emulated service as its default: an object with service and operations.`,
    );
  return module.default;
}

function isEmulatedService(value: unknown): value is EmulatedService {
  return typeof value === 'object' && value !== null && 'service' in value && 'operations' in value;
}
