import { type Account, accessKeyFor, accountId, region } from '../account/account.ts';
import type { Call } from '../account/types.ts';
import type { Clock, TurnedClock } from '../clock.ts';
import type { FileSystems } from '../runtime/file-systems.ts';
import { FunctionFailed, type Functions } from '../runtime/functions.ts';
import type { Stack } from '../stack/stack.ts';
import { toEnvelope } from '../wiring/envelope.ts';
import type { LocalServer } from '../wiring/local-server.ts';
import type { Mail } from '../wiring/sns-topics.ts';
import type { Wiring } from '../wiring/wiring.ts';
import type { ResourceClients } from './create-resources.ts';
import type { Mailbox } from './mailbox.ts';

/** What a scenario sees of the pack and of the account it runs in. */
export interface World {
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** What CloudFormation's Ref gives: a queue's URL, a table's name, a topic's ARN, a function's name. */
  ref(logicalId: string): string;
  /** An SDK client onto the account; its calls are written down as made by `local`. */
  client<C>(ctor: new (config: object) => C): C;
  /** AWS puts events on the default bus; the template's rules deliver them. */
  put(...events: object[]): Promise<void>;
  /** Runs a schedule, named by its logical id in the transformed template, e.g. `UncordonInstancesSweep`. */
  fire(schedule: string): Promise<void>;
  /** A synchronous invocation. Throws the function's error. */
  invoke(functionId: string, payload: unknown): Promise<unknown>;
  /** An asynchronous invocation, as CodePipeline, S3 and others make it: Lambda queues it and repeats what fails. */
  invokeAsync(functionId: string, payload: unknown): void;
  /** Delivers until queues and retries are empty, turning the clock over visibility time-outs and delays. */
  settle(): Promise<void>;
  /** Lets so many milliseconds pass, and delivers on the way what falls due. */
  advance(ms: number): Promise<void>;
  /** The events that functions put on the bus, as EventBridge's envelopes. */
  published(): readonly object[];
  mails(): readonly Mail[];
  /** The bodies of the messages in every queue that the template names as a dead-letter queue. */
  deadLetters(): Promise<readonly string[]>;
  /** Since the last reset, the oldest first. */
  calls(): readonly Call[];
  /** What a stand-in keeps (local/account/services), to be filled before functions read it. */
  stateOf(service: string): unknown;
  /** Throttles the next so many calls that functions make of an action, as when others use up its quota. */
  throttle(service: string, action: string, calls: number): void;
  /** The folder that stands for the file system which a function mounts. */
  folderOf(functionId: string): string;
  /** Has a function's call fail, counted from 1 from now on, with the retries the SDK makes of it: for a play of its own. */
  breakCall(functionId: string, call: number): void;
  /** A request to the pack's HTTP API. */
  http(path: string, init?: RequestInit): Promise<Response>;
}

/** What a pack is made of. */
export interface Parts {
  readonly clock: TurnedClock;
  readonly server: LocalServer;
  readonly account: Account;
  readonly stack: Stack;
  readonly clients: ResourceClients;
  readonly mailbox: Mailbox;
  readonly functions: Functions;
  readonly fileSystems: FileSystems;
  readonly wiring: Wiring;
  readonly journal: Journal;
}

/** What happened since the last reset. */
export interface Journal {
  readonly events: { readonly at: number; readonly event: object; readonly rules: readonly string[] }[];
  readonly published: object[];
  readonly failed: { readonly functionId: string; readonly payload: unknown }[];
}

const keptEvents = 200;

/** Who calls for the wiring: not a function, and not the scenario either. */
export const wiringCaller = 'wiring';

/** What the account asks for when a call puts an event, or when a fault strikes. */
export function connectHooks(parts: Parts): void {
  const { account, functions, journal, stack, wiring } = parts;
  account.setHooks({
    // What they may do is for the role to say that gave them out.
    holderOf: (accessKey) => {
      for (const id of functions.ids) {
        const process = functions.pool(id).holder(accessKey);
        if (process !== undefined) return { function: id, process, account: accountId };
      }
      return undefined;
    },
    onKill: (caller) => functions.pool(caller.function).kill(caller.process),
    onOvertake: async (caller) => {
      const pool = functions.pool(caller.function);
      const payload = pool.running(caller.process);
      if (payload !== undefined) await pool.invoke(payload, { beyondLimit: true });
    },
    onPublish: async (event) => {
      if (!String(event.source).startsWith('aws.')) journal.published.push(event);
      await put(parts, [event]);
    },
    onInvoke: (name, payload) => functions.invoke(functionNamed(name, stack), payload),
    onEnqueue: (name, payload) => wiring.enqueue(functionNamed(name, stack), payload),
    onLater: wiring.timers.later,
  });
}

/** By name, by ARN, or by either with a version or an alias behind it. */
function functionNamed(name: string, stack: Stack): string {
  const [plain] = name.replace(/^.*:function:/, '').split(':');
  const lambda = stack.ofType('AWS::Lambda::Function').find((one) => one.name === plain);
  if (lambda) return lambda.id;
  throw new Error(`${name} is no function of the template`);
}

export function worldOf(parts: Parts): World {
  const { account, clock, fileSystems, journal, mailbox, server, stack, wiring } = parts;
  return {
    clock,
    region,
    accountId,
    ref: (id) => stack.ref(stack.find(id).id),
    client: clientsOf(account),
    put: async (...events) => {
      await put(parts, events);
    },
    fire: wiring.fire,
    invoke: (functionId, payload) => invoke(parts, functionId, payload),
    invokeAsync: (functionId, payload) => wiring.enqueue(stack.find(functionId).id, payload),
    settle: wiring.settle,
    advance: wiring.advance,
    stateOf: account.stateOf,
    throttle: account.throttle,
    folderOf: (functionId) => {
      const mount = fileSystems.mountOf(stack.find(functionId).id);
      if (mount) return mount.folder;
      throw new Error(`${functionId} mounts no file system`);
    },
    published: () => journal.published,
    mails: () => mailbox.mails,
    deadLetters: wiring.deadLetters,
    calls: () => callsOf(account),
    breakCall: (functionId, call) =>
      account.injectFault({ function: stack.find(functionId).id, call, kind: 'failing' }),
    http: (path, init) => fetch(new URL(path, server.url), init),
  };
}

/** One client for each class: a new one a call would leave its sockets behind, and a sweep makes tens of thousands. */
function clientsOf(account: Account): World['client'] {
  const made = new Map<unknown, unknown>();
  const settings = clientSettings(account, accessKeyFor('local'));
  return <C>(ctor: new (config: object) => C): C => {
    const known = made.get(ctor);
    if (known instanceof ctor) return known;
    const client = new ctor(settings);
    made.set(ctor, client);
    return client;
  };
}

export function callsOf({ calls }: Account): readonly Call[] {
  return calls.filter((call) => call.function !== wiringCaller);
}

export async function put(
  { clock, journal, stack, wiring }: Parts,
  given: readonly unknown[],
): Promise<readonly (readonly string[])[]> {
  const envelopes = given.map((event) => toEnvelope(event, stack.names, clock));
  const matched = await wiring.put(envelopes);
  const at = clock.now();
  journal.events.push(...envelopes.map((event, index) => ({ at, event, rules: matched[index] ?? [] })));
  journal.events.splice(0, journal.events.length - keptEvents);
  return matched;
}

export async function invoke(
  { functions, journal }: Parts,
  functionId: string,
  payload: unknown,
): Promise<unknown> {
  const invoked = await functions.invoke(functionId, payload);
  if (invoked.ok) return JSON.parse(invoked.payload || 'null');
  journal.failed.push({ functionId, payload });
  throw new FunctionFailed(functionId, invoked.error);
}

export function clientSettings({ url: endpoint }: Account, accessKeyId: string): object {
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey: 'local' }, maxAttempts: 1 };
}
