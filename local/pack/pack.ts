import { join, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Account, accessKeyFor, accountId, observer, region, startAccount } from '../account/account.ts';
import { findMailSubscriptions } from '../account/services/sns/subscriptions.ts';
import type { SnsState } from '../account/services/sns/topics.ts';
import { countMessages } from '../account/services/sqs/queue.ts';
import { createClock } from '../clock.ts';
import { type ConsolePage, createConsole } from '../console/console.ts';
import type { NamedPanel } from '../console/snapshot.ts';
import { findPython } from '../python/find.ts';
import { openFileSystems } from '../runtime/file-systems.ts';
import { createFunctions, type Functions, type InspectOptions } from '../runtime/functions.ts';
import type { World } from '../scenario-kit/world.ts';
import { combine } from '../stack/combine.ts';
import type { Stack } from '../stack/stack.ts';
import { type LocalServer, openLocalServer } from '../wiring/local-server.ts';
import { createWiring } from '../wiring/wiring.ts';
import { createResources } from './create-resources.ts';
import { createLive, type Live } from './live.ts';
import { createMailbox } from './mailbox.ts';
import { type Chosen, chooseTemplates, loadPanels } from './templates.ts';
import { callsOf, connectHooks, invoke, type Parts, put, wiringCaller, worldOf } from './world.ts';

export interface PackOptions extends Chosen {
  /** The folder with a folder per function; `dist` of the project by default. */
  readonly dist?: string;
  /** Gets a line for each long step, and for each failure while the pack runs live. */
  readonly progress?: (line: string) => void;
  /** Of the page and the HTTP API; any free one by default. */
  readonly port?: number;
  /** An account that somebody else runs, as AWS_ENDPOINT_URL names it; without one, moto is started. */
  readonly endpoint?: string | undefined;
  /** The folder where mails are written; none by default, for packs that run side by side. */
  readonly mailbox?: string;
  /** The folder where the file systems that functions mount are folders; one for this pack alone by default. */
  readonly fileSystems?: string;
  /** The function to debug. */
  readonly inspect?: InspectOptions | undefined;
}

/** The whole pack on this machine: the world of the scenarios, and what the CLI and tests need in addition. */
export interface Pack extends World {
  /** Where the page and the HTTP API answer. */
  readonly url: string;
  /** Where the account answers. */
  readonly endpoint: string;
  readonly account: Account;
  readonly stacks: readonly Stack[];
  /** All of them, looked up as one. */
  readonly stack: Stack;
  readonly functions: Functions;
  /** Empties account, queues, mailbox and clock; functions stay warm. Returns the milliseconds it took. */
  reset(): Promise<number>;
  /** Runs once more every synchronous invocation since the reset that failed, as a caller would; how many. */
  redeliver(): Promise<number>;
  /** The function's last lines. */
  logs(functionId: string): readonly string[];
  /** Delivers in real time from now on. Returns how to stop. */
  live(): () => Promise<void>;
  /** How the page fills the account again after it emptied it. */
  onReset(fill: () => Promise<unknown>): void;
  close(): Promise<void>;
}

const root = resolve(import.meta.dirname, '../..');

export async function startPack(options: PackOptions = {}): Promise<Pack> {
  const { progress = () => {}, port = 0 } = options;
  const clock = createClock();
  const server = await openLocalServer(port);
  const python = await findPython(progress).catch((error: unknown) => closing(server, error));
  const starting = startAccount({ python, clock, endpoint: options.endpoint });
  try {
    const [account, deployable, panels] = await Promise.all([
      starting,
      chooseTemplates(python, options),
      loadPanels(options),
    ]);
    const stacks = deployable({ region, accountId, endpoint: account.url, httpUrl: server.url });
    const pack = assemble({ options, clock, server, account, stacks, panels });
    await pack.reset();
    return pack;
  } catch (error) {
    await starting.then((account) => account.close()).catch(() => {});
    return closing(server, error);
  }
}

function closing(server: LocalServer, error: unknown): never {
  server.close();
  throw error;
}

interface Started extends Pick<Parts, 'account' | 'clock' | 'server'> {
  readonly options: PackOptions;
  readonly panels: readonly NamedPanel[];
  readonly stacks: readonly [Stack, ...Stack[]];
}

function assemble(started: Started): Pack {
  const parts = connect(started);
  const { account, clock, functions, history, options, server, stack, stacks, wiring } = parts;
  connectHooks(parts);
  const world = worldOf(parts);
  const live = createLive(() => wiring.runLive(options.progress ?? (() => {})));
  const { page, onReset } = openPage(parts, world, live);
  server.serve({
    handle: wiring.http.handle,
    putEvents: (events) => put(parts, events),
    handlePage: page.handle,
  });
  return {
    ...world,
    url: server.url,
    endpoint: account.url,
    account,
    stacks,
    stack,
    functions,
    clock,
    logs: (id) => functions.pool(id).logs.lines,
    live: live.start,
    onReset,
    redeliver: async () => {
      const again = history.failed.splice(0);
      for (const { functionId, payload } of again) await invoke(parts, functionId, payload);
      return again.length;
    },
    reset: () => reset(parts),
    close: () => {
      page.stop();
      return close(parts);
    },
  };
}

interface OpenedPage extends Pick<Pack, 'onReset'> {
  readonly page: ConsolePage;
}

function openPage(parts: Parts & Started, person: World, { whilePaused }: Live): OpenedPage {
  let fill: (() => Promise<unknown>) | undefined;
  const emptyAndFill = async (): Promise<void> => {
    await reset(parts);
    await fill?.();
  };
  const page = createConsole({
    pack: { ...parts, calls: () => callsOf(parts.account) },
    panels: parts.panels,
    person,
    observer: worldOf(parts, observer),
    whilePaused,
    reset: () => (fill ? emptyAndFill : undefined),
  });
  const onReset: Pack['onReset'] = (given) => {
    fill = given;
  };
  return { page, onReset };
}

function connect(started: Started): Parts & Started {
  const { options, clock, account, stacks } = started;
  const stack = combine(stacks);
  const settings = account.clientSettings(accessKeyFor(wiringCaller));
  const clients = {
    dynamodb: new DynamoDBClient(settings),
    sqs: new SQSClient(settings),
    sns: new SNSClient(settings),
  };
  const mailbox = createMailbox(clock, options.mailbox);
  const fileSystems = openFileSystems({ stack, folder: options.fileSystems });
  const functions = createFunctions({
    fileSystems,
    stack,
    clock,
    dist: options.dist ?? join(root, 'dist'),
    endpoint: account.url,
    accessKeyFor,
    beginning: (accessKey) => account.beginInvocation(accessKey),
    inspect: options.inspect,
  });
  const wiring = createWiring({
    ...clients,
    stack,
    clock,
    countMessages: (url) => countMessages(account.serviceState('sqs'), url, clock.now()),
    invoke: functions.invoke,
    mail: mailbox.receive,
    chat: mailbox.receiveChat,
    onCall: account.onCall,
    endpoint: account.url,
    findMailSubscriptions: (topicArn) => findMailSubscriptions(snsState(account), topicArn, clock.now()),
    findQueueSubscriptions: (topicArn) => snsState(account).queues.filter((one) => one.topicArn === topicArn),
  });
  return {
    ...started,
    stack,
    clients,
    mailbox,
    functions,
    fileSystems,
    wiring,
    history: { events: [], published: [], failed: [] },
  };
}

function snsState(account: Account): SnsState {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: local/account/services/sns creates it
  return account.serviceState('sns') as SnsState;
}

async function reset({
  account,
  clients,
  clock,
  fileSystems,
  functions,
  history,
  mailbox,
  stack,
  wiring,
}: Parts): Promise<number> {
  const begun = performance.now();
  await functions.reset();
  wiring.clear();
  mailbox.clear();
  fileSystems.reset();
  for (const kept of [history.events, history.published, history.failed]) kept.length = 0;
  clock.reset();
  await account.reset();
  await account.provision(() => createResources(stack, clients));
  return performance.now() - begun;
}

async function close({ account, clients, fileSystems, functions, server }: Parts): Promise<void> {
  server.close();
  await functions.close();
  fileSystems.close();
  for (const client of Object.values(clients)) client.destroy();
  await account.close();
}
