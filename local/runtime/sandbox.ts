import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mapping, numberOr } from '../json.ts';
import type { Resource } from '../stack/stack.ts';
import { environmentOf, memoryOf } from './environment.ts';
import type { Mount } from './file-systems.ts';
import type { Logs } from './logs.ts';
import { type FunctionError, openRuntimeApi, type RuntimeApi } from './runtime-api.ts';

type InvocationEnd =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionError };

/** How an invocation ended. The payload is the answer as JSON. */
export type Invoked = InvocationEnd & { readonly requestId: string };

export interface SandboxOptions {
  readonly lambda: Resource;
  readonly functionArn: string;
  readonly region: string;
  readonly endpoint: string;
  readonly accessKey: string;
  readonly taskRoot: string;
  /** What it mounts of EFS. */
  readonly mount?: Mount | undefined;
  readonly logs: Logs;
  readonly clock: { now(): number; offset(): number; skip(ms: number): void };
  /** Starts the process with an open inspector, which waits for a debugger, and without time limits. */
  readonly inspector?: InspectorOptions | undefined;
}

export interface InspectorOptions {
  /** On the loopback interface; 0 is any free port. */
  readonly port: number;
  /** Called with the address of the inspector when the process waits for a debugger. */
  readonly onOpen: (address: string) => void;
}

/** One process of a function: runs one invocation at a time and stays warm for the next. */
export interface Sandbox {
  run(payload: string): Promise<Invoked>;
  /** The payload it works on. */
  running(): string | undefined;
  alive(): boolean;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
  readonly left: Promise<void>;
}

const preload = join(import.meta.dirname, 'preload.cjs');
const runtimeClient = createRequire(import.meta.url).resolve('aws-lambda-ric');

/** What Lambda gives a process to load before the function's own limit counts. */
const initLimit = 10_000;

/** A day: somebody is reading code. */
const debuggingLimit = 86_400_000;

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { lambda, clock, functionArn, inspector } = options;
  const timeout = inspector ? debuggingLimit : numberOr(lambda.properties.Timeout, 3) * 1000;
  let initError: FunctionError | undefined;
  let alive = true;
  const kill = (): void => {
    alive = false;
    child.kill('SIGKILL');
  };
  const current = createCurrentInvocation(timeout, kill);
  const api = await openRuntimeApi({
    taken: () => current.limit(timeout),
    answered: (requestId, payload) => current.end(requestId, { ok: true, payload }),
    failed: (requestId, error) => current.end(requestId, { ok: false, error }),
    initFailed: (error) => {
      initError = error;
    },
  });
  const child = launch(options, api);
  turnWhereItWaits(child, clock);
  const left = whenGone(child).then((how) => {
    alive = false;
    api.close();
    const requestId = current.requestId();
    current.end(requestId, { ok: false, error: initError ?? exited(requestId, how) });
  });
  return {
    left,
    alive: () => alive,
    running: current.payload,
    kill: () => {
      kill();
      return left;
    },
    run: (payload) => {
      const { requestId, invoked } = current.begin(payload);
      current.limit(initLimit + timeout);
      api.hand(() => {
        const deadline = clock.now() + timeout;
        return { requestId, functionArn, deadline, clockOffset: clock.offset(), payload };
      });
      return invoked;
    },
  };
}

/** Set by the fault sweep for its own process: see preload.cjs. */
function swiftness(): NodeJS.ProcessEnv {
  const { GROUNDCREW_SWIFT } = process.env;
  return GROUNDCREW_SWIFT === undefined ? {} : { GROUNDCREW_SWIFT };
}

/** The invocation that a process works on, and its time limit. */
interface CurrentInvocation {
  begin(payload: string): { readonly requestId: string; readonly invoked: Promise<Invoked> };
  end(requestId: string | undefined, outcome: InvocationEnd): void;
  limit(ms: number): void;
  requestId(): string | undefined;
  payload(): string | undefined;
}

function createCurrentInvocation(timeout: number, kill: () => void): CurrentInvocation {
  let current: { requestId: string; payload: string; resolve: (invoked: Invoked) => void } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const end: CurrentInvocation['end'] = (requestId, outcome) => {
    if (!current || current.requestId !== requestId) return; // a late response of an abandoned process
    clearTimeout(timer);
    const { resolve } = current;
    current = undefined;
    resolve({ ...outcome, requestId });
  };
  return {
    end,
    requestId: () => current?.requestId,
    payload: () => current?.payload,
    begin: (payload) => {
      const requestId = randomUUID();
      const invoked = new Promise<Invoked>((resolve) => {
        current = { requestId, payload, resolve };
      });
      return { requestId, invoked };
    },
    limit: (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        kill();
        end(current?.requestId, { ok: false, error: timedOut(current?.requestId, timeout) });
      }, ms);
    },
  };
}

function launch(
  { lambda, logs, clock, inspector, ...around }: SandboxOptions,
  api: RuntimeApi,
): ChildProcess {
  if (!existsSync(around.taskRoot)) {
    api.close();
    throw new Error(`${lambda.id} has no bundle at ${around.taskRoot}: run npm run build`);
  }
  const surroundings = { ...around, runtimeApi: api.address, clockOffset: clock.offset() };
  // Lambda gives the heap most of the memory, and kills a process that needs more.
  const heap = `--max-old-space-size=${Math.floor(memoryOf(lambda) * 0.9)}`;
  const inspect = inspector ? [`--inspect-wait=127.0.0.1:${inspector.port}`] : [];
  const child = spawn(process.execPath, [...inspect, heap, '--require', preload, runtimeClient], {
    cwd: around.taskRoot,
    env: { ...environmentOf(lambda, surroundings), ...swiftness(), ...(inspector && patience) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (inspector) openInspector(child, inspector);
  if (child.stdout) logs.follow(child.stdout);
  if (child.stderr) logs.follow(child.stderr);
  return child;
}

/** See preload.cjs. */
const patience = { GROUNDCREW_INSPECTED: '1' };

function openInspector(child: ChildProcess, { onOpen }: InspectorOptions): void {
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, address] = /^Debugger listening on (\S+)$/.exec(line) ?? [];
      if (address !== undefined) onOpen(address);
    });
  }
  // A process that waits for a debugger does not notice that its parent has gone.
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  child.once('close', () => process.removeListener('exit', kill));
}

/** Preload.cjs tells when the function waits. */
function turnWhereItWaits(child: ChildProcess, clock: SandboxOptions['clock']): void {
  child.on('message', (message) => {
    const { id, wait } = mapping(message);
    clock.skip(numberOr(wait, 0));
    child.send({ waited: id, offset: clock.offset() });
  });
}

/** How it ended, in Lambda's words. Waits for its last lines too. */
function whenGone(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`error: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(signal === null ? `exit status ${code}` : `signal: ${signalNames[signal] ?? signal}`),
    );
  });
}

const signalNames: Readonly<Record<string, string>> = { SIGKILL: 'killed', SIGABRT: 'aborted' };

function timedOut(requestId: string | undefined, timeout: number): FunctionError {
  const seconds = (timeout / 1000).toFixed(2);
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  };
}

function exited(requestId: string | undefined, how: string): FunctionError {
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
  };
}
