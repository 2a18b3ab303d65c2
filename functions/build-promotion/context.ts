import { join } from 'node:path';
import type { Invocation } from '#shared/invocation.ts';
import type { StoreConfig } from './config.ts';
import { Refused } from './domain/refusal.ts';
import type { Store } from './filesystem/layout.ts';

/** What one invocation of the store works with. */
export interface Work {
  readonly config: StoreConfig;
  readonly invocation: Invocation;
  /** Whether it is time to say how far the work has come and leave the rest to another invocation. */
  readonly stop: () => boolean;
  /** Epoch milliseconds. */
  readonly begun: number;
}

/** What follows the last file: a manifest kept, a link moved, an answer given. */
const REST_MS = 15_000;

export function beginWork(config: StoreConfig, invocation: Invocation): Work {
  return { config, invocation, begun: invocation.now(), stop: () => invocation.remainingMs() < REST_MS };
}

export function mainStore({ mount, path }: Pick<StoreConfig, 'mount' | 'path'>): Store {
  return { root: join(mount, path) };
}

/** The store of an environment: the main one, or a copy that the configuration names. @throws Refused */
export function storeOf(
  config: Pick<StoreConfig, 'copies' | 'mount' | 'path'>,
  copyTo: string | undefined,
): Store {
  if (copyTo === undefined) return mainStore(config);
  if (config.copies.includes(copyTo)) return { root: join(config.mount, copyTo) };
  const known = config.copies.join(', ') || 'none';
  throw new Refused(`copyTo: ${copyTo} is no folder for copies; there are: ${known}`, 'ConfigurationError');
}

export function copyStores({ copies, mount }: Pick<StoreConfig, 'copies' | 'mount'>): Store[] {
  return copies.map((folder) => ({ root: join(mount, folder) }));
}
