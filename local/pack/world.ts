import { type Account, accessKeyFor, accountId, type Caller, region } from '../account/account.ts';
import type { Call } from '../account/types.ts';
import type { AdjustableClock } from '../clock.ts';
import { mapping } from '../json.ts';
import type { FileSystems } from '../runtime/file-systems.ts';
import { FunctionFailed, type Functions } from '../runtime/functions.ts';
import type { World } from '../scenario-kit/world.ts';
import { createAuthorize } from '../stack/role-policies.ts';
import type { Stack } from '../stack/stack.ts';
import type { PutEvent } from '../wiring/arrival.ts';
import { toEnvelope } from '../wiring/envelope.ts';
import type { LocalServer } from '../wiring/local-server.ts';
import type { Wiring } from '../wiring/wiring.ts';
import type { ResourceClients } from './create-resources.ts';
import type { Mailbox } from './mailbox.ts';

/** What a pack is made of. */
export interface Parts {
  readonly clock: AdjustableClock;
  readonly server: LocalServer;
  readonly account: Account;
  readonly stack: Stack;
  readonly clients: ResourceClients;
  readonly mailbox: Mailbox;
  readonly functions: Functions;
  readonly fileSystems: FileSystems;
  readonly wiring: Wiring;
  readonly history: History;
}

/** What happened since the last reset. */
interface History {
  readonly events: PutEvent[];
  readonly published: object[];
  readonly failed: { readonly functionId: string; readonly payload: unknown }[];
}

/** More than a storm of a thousand. */
const keptEvents = 2000;

/** Who calls for the wiring: not a function, and not the scenario either. */
export const wiringCaller = 'wiring';

/** What the account asks for when a call puts an event, or when a fault strikes. */
export function connectHooks(parts: Parts): void {
  const { account, functions, history, stack, wiring } = parts;
  account.setHooks({
    isAllowed: createAuthorize(stack),
    findRoleArn: (id) => {
      const role = stack.ofType('AWS::Lambda::Function').find((one) => one.id === id)?.properties.Role;
      return role === undefined ? undefined : String(role);
    },
    // What they may do is for the role to say that gave them out.
    findCaller: (accessKey) => {
      for (const id of functions.ids) {
        const process = functions.pool(id).holder(accessKey);
        if (process !== undefined) return { function: id, process, account: accountId };
      }
      return undefined;
    },
    onKill: (caller) => functions.pool(caller.function).kill(caller.process),
    onDuplicate: async (caller) => {
      const pool = functions.pool(caller.function);
      const payload = pool.running(caller.process);
      if (payload !== undefined) await pool.invoke(payload, { beyondLimit: true });
    },
    onPublish: async (event, caller) => {
      if (!String(event.source).startsWith('aws.')) history.published.push(event);
      await put(parts, [event], caller);
    },
    onInvoke: (name, payload) => functions.invoke(functionNamed(name, stack), payload),
    onEnqueue: (name, payload) => wiring.enqueue(functionNamed(name, stack), payload),
    onRunLater: wiring.timers.runLater,
  });
}

/** By name, by ARN, or by either with a version or an alias behind it. */
function functionNamed(name: string, stack: Stack): string {
  const [plain] = name.replace(/^.*:function:/, '').split(':');
  const lambda = stack.ofType('AWS::Lambda::Function').find((one) => one.name === plain);
  if (lambda) return lambda.id;
  throw new Error(`${name} is no function of the template`);
}

/** @param caller who calls AWS through its clients: a person, or the observer that the page is */
export function worldOf(parts: Parts, caller = 'local'): World {
  const { account, clock, fileSystems, history, mailbox, server, stack, wiring } = parts;
  return {
    clock,
    region,
    accountId,
    ref: (id) => stack.ref(stack.find(id).id),
    variableOf: (id, name) => {
      const value = mapping(mapping(stack.find(id).properties.Environment).Variables)[name];
      return value === undefined ? undefined : String(value);
    },
    client: clientsOf(account, caller),
    put: async (...events) => {
      await put(parts, events);
    },
    fire: wiring.fire,
    invoke: (functionId, payload) => invoke(parts, functionId, payload),
    invokeAsync: (functionId, payload) => wiring.enqueue(stack.find(functionId).id, payload),
    settle: wiring.settle,
    advance: wiring.advance,
    serviceState: account.serviceState,
    throttle: account.throttle,
    stall: account.stall,
    delayReads: account.delayReads,
    folderOf: (functionId) => {
      const mount = fileSystems.mountOf(stack.find(functionId).id);
      if (mount) return mount.folder;
      throw new Error(`${functionId} mounts no file system`);
    },
    published: () => history.published,
    mails: () => mailbox.mails,
    chats: () => mailbox.chats,
    deadLetters: wiring.deadLetters,
    calls: () => callsOf(account),
    failCall: (functionId, call) =>
      account.injectFault({ function: stack.find(functionId).id, call, kind: 'failed' }),
    http: (path, init) => fetch(new URL(path, server.url), init),
  };
}

/** One client for each class: a sweep makes tens of thousands of calls. */
function clientsOf(account: Account, caller: string): World['client'] {
  const made = new Map<unknown, unknown>();
  const settings = account.clientSettings(accessKeyFor(caller));
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
  { clock, history, stack, wiring }: Parts,
  given: readonly unknown[],
  publishedBy?: Caller,
): Promise<readonly (readonly string[])[]> {
  const envelopes = given.map((event) => toEnvelope(event, stack.names, clock));
  const arrival = { at: clock.now(), arrivedAt: performance.now(), publishedBy };
  const matched = await wiring.put(envelopes);
  history.events.push(
    ...envelopes.map((event, index) => ({ ...arrival, event, rules: matched[index] ?? [] })),
  );
  history.events.splice(0, history.events.length - keptEvents);
  return matched;
}

export async function invoke(
  { functions, history }: Parts,
  functionId: string,
  payload: unknown,
): Promise<unknown> {
  const invoked = await functions.invoke(functionId, payload);
  if (invoked.ok) return JSON.parse(invoked.payload || 'null');
  history.failed.push({ functionId, payload });
  throw new FunctionFailed(functionId, invoked.error);
}
