import { join } from 'node:path';
import type { AdjustableClock } from '../clock.ts';
import type { Stack } from '../stack/stack.ts';
import type { FileSystems } from './file-systems.ts';
import { createPool, type InvokeOptions, type Pool } from './pool.ts';
import type { FunctionError } from './runtime-api.ts';
import type { InspectorOptions, Invoked } from './sandbox.ts';

export interface FunctionsOptions {
  readonly stack: Stack;
  /** The folder with a folder per function, named by logical id. */
  readonly dist: string;
  readonly endpoint: string;
  readonly clock: AdjustableClock;
  readonly fileSystems: FileSystems;
  readonly accessKeyFor: (functionId: string, process: number) => string;
  readonly beginning?: (accessKey: string) => void;
  /** The function to debug. It runs in one process at a time. */
  readonly inspect?: InspectOptions | undefined;
}

export interface InspectOptions extends InspectorOptions {
  readonly functionId: string;
}

/** Somebody wants to debug a function that the stack does not have. */
export class UnknownFunctionError extends Error {}

/** The template's Lambda functions, run as processes on this machine. */
export interface Functions {
  readonly ids: readonly string[];
  pool(functionId: string): Pool;
  invoke(functionId: string, payload: unknown, options?: InvokeOptions): Promise<Invoked>;
  /** Ends what is still running, so that it cannot meddle with what comes next, and forgets what has run. */
  reset(): Promise<void>;
  /** Gives these functions new processes, from their bundles as they are now. */
  replace(functionIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export function createFunctions(options: FunctionsOptions): Functions {
  const { stack, dist, accessKeyFor, fileSystems, inspect, ...shared } = options;
  const ids = stack.ofType('AWS::Lambda::Function').map(({ id }) => id);
  if (inspect && !ids.includes(inspect.functionId)) {
    throw new UnknownFunctionError(
      `There is no function ${inspect.functionId} to inspect. There are: ${ids.join(', ')}.`,
    );
  }
  const pools = new Map(
    stack.ofType('AWS::Lambda::Function').map((lambda) => [
      lambda.id,
      createPool({
        ...shared,
        lambda,
        functionArn: stack.attribute(lambda.id, 'Arn'),
        region: stack.names.region,
        taskRoot: join(dist, lambda.id),
        mount: fileSystems.mountOf(lambda.id),
        ...(inspect?.functionId === lambda.id && { inspector: inspect, maxProcesses: 1 }),
        accessKey: (process) => accessKeyFor(lambda.id, process),
      }),
    ]),
  );
  const pool = (id: string): Pool => {
    const found = pools.get(id);
    if (found) return found;
    throw new Error(`There is no function ${id}: the template has ${[...pools.keys()].join(', ') || 'none'}`);
  };
  return {
    ids: [...pools.keys()],
    pool,
    invoke: (id, payload, options) => pool(id).invoke(JSON.stringify(payload ?? null), options),
    reset: async () => {
      await Promise.all([...pools.values()].map((one) => one.reset()));
    },
    replace: async (functionIds) => {
      await Promise.all(functionIds.map((id) => pool(id).replace()));
    },
    close: async () => {
      await Promise.all([...pools.values()].map((one) => one.close()));
    },
  };
}

/** What a function threw, as a synchronous caller gets it; `name` is the type that Lambda gave it. */
export class FunctionFailed extends Error {
  readonly functionId: string;
  readonly trace: readonly string[];

  constructor(functionId: string, { errorType, errorMessage, trace = [] }: FunctionError) {
    super(errorMessage);
    this.name = errorType;
    this.functionId = functionId;
    this.trace = trace;
  }
}
