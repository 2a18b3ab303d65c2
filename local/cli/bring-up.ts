import { join } from 'node:path';
import { type Pack, startPack } from '../pack/pack.ts';
import type { InspectOptions } from '../runtime/functions.ts';
import { Refused } from './arguments.ts';
import { bundlesFor } from './inspector.ts';

export type Say = (line: string) => void;

export interface PackSettings {
  readonly port: number;
  /** True if the process ends after the scenarios. */
  readonly once: boolean;
  readonly only: string | undefined;
  /** Deploys the wing `only` alone. */
  readonly alone: boolean;
  readonly inspector: InspectOptions | undefined;
}

/** What a run leaves behind: mails, files, events. */
export const folder = join(import.meta.dirname, '../../.groundcrew');

/** Starts the pack while its bundles are built: the account and the build take a second each. */
export async function bringUp(settings: PackSettings, building: Promise<void>, say: Say): Promise<Pack> {
  const startedAt = performance.now();
  const [pack, built] = await Promise.allSettled([startOn(settings, say), building]);
  if (pack.status === 'rejected') throw pack.reason;
  if (built.status === 'rejected') {
    await pack.value.close();
    throw built.reason;
  }
  say(`The account, the wiring and the functions are up after ${secondsSince(startedAt)}.\n`);
  return pack.value;
}

export function secondsSince(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** Scenarios ask nothing of the port: that it is taken matters only to who stays. */
async function startOn(
  { port, once, only, alone, inspector: inspect }: PackSettings,
  say: Say,
): Promise<Pack> {
  const endpoint = process.env.AWS_ENDPOINT_URL || undefined;
  if (endpoint !== undefined) say(describeEndpoint(endpoint));
  // A pack that keeps running has its files in the project, for people to see. Two runs at once would delete each other's.
  const files = once ? {} : { fileSystems: join(folder, 'efs') };
  const wing = alone && only !== undefined ? { wing: only } : {};
  const { outdir: dist } = bundlesFor(inspect);
  const mailbox = join(folder, 'mailbox');
  const options = { ...files, ...wing, dist, inspect, mailbox, progress: say, endpoint };
  try {
    return await startPack({ ...options, port });
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    if (!once) throw new Refused(`Port ${port} is in use. Choose another with --port ${port + 1}.`);
    say(`Port ${port} is in use; the scenarios do not need it, so any free one will do.`);
    return startPack({ ...options, port: 0 });
  }
}

function describeEndpoint(endpoint: string): string {
  return (
    `The account is ${endpoint}, as AWS_ENDPOINT_URL says. It keeps its own time and lacks the corrections of ` +
    'local/account: scenarios that turn the clock or need a correction fail there.'
  );
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
