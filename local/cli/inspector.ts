import { join } from 'node:path';
import type { BuildOptions } from '../../build.ts';
import type { InspectOptions } from '../runtime/functions.ts';
import { Refused } from './arguments.ts';

const root = join(import.meta.dirname, '../..');

/** The function that GROUNDCREW_INSPECT names, as `CordonInstances` or, with another port, `CordonInstances:9230`. */
export function readInspector(
  { GROUNDCREW_INSPECT: named }: NodeJS.ProcessEnv,
  say: (line: string) => void,
): InspectOptions | undefined {
  if (!named) return undefined;
  const [, functionId, port = '9229'] = /^(\w+)(?::(\d{1,5}))?$/.exec(named) ?? [];
  if (functionId === undefined || Number(port) > 65_535) {
    throw new Refused(
      `GROUNDCREW_INSPECT is ${named}: expected a function, or a function and a port as in Name:9229.`,
    );
  }
  return {
    functionId,
    port: Number(port),
    onOpen: (address) =>
      say(`${functionId} waits for a debugger on ${address} (chrome://inspect, or attach your editor).`),
  };
}

/** Where the bundles are, and how they are built. */
export interface Bundles extends BuildOptions {
  readonly root: string;
  readonly outdir: string;
}

/** The bundles that deploy, or others with readable code and source maps. */
export function bundlesFor(inspector: InspectOptions | undefined): Bundles {
  const debuggable = inspector !== undefined;
  return { root, debuggable, outdir: join(root, debuggable ? '.groundcrew/debug' : 'dist') };
}
