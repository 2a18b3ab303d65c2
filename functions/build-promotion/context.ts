import { join } from 'node:path';
import type { Invocation } from '#shared/invocation.ts';
import type { StoreConfig } from './config.ts';
import { RefusalError } from './domain/refusal.ts';
import type { Store } from './filesystem/layout.ts';

/** What one invocation of BuildStore works with. */
export interface StoreContext {
  readonly config: StoreConfig;
  readonly invocation: Invocation;
  /** When true, the work stops, returns its progress, and another invocation continues. */
  readonly isOutOfTime: () => boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** Time for the steps after the last file: save the verification, move the link, reply. */
const MIN_REMAINING_MS = 15_000;

export function createStoreContext(config: StoreConfig, invocation: Invocation): StoreContext {
  return {
    config,
    invocation,
    startedAt: invocation.now(),
    isOutOfTime: () => invocation.remainingMs() < MIN_REMAINING_MS,
  };
}

export function mainStore({ mount, path }: Pick<StoreConfig, 'mount' | 'path'>): Store {
  return { root: join(mount, path) };
}

/** The store of an environment: the main store, or a configured folder for copies. @throws RefusalError */
export function storeOf(
  config: Pick<StoreConfig, 'copies' | 'mount' | 'path'>,
  copyTo: string | undefined,
): Store {
  if (copyTo === undefined) return mainStore(config);
  if (config.copies.includes(copyTo)) return { root: join(config.mount, copyTo) };
  const known = config.copies.join(', ') || 'none';
  throw new RefusalError(
    `copyTo: expected one of the folders for copies (${known}), got ${copyTo}`,
    'ConfigurationError',
  );
}

export function copyStores({ copies, mount }: Pick<StoreConfig, 'copies' | 'mount'>): Store[] {
  return copies.map((folder) => ({ root: join(mount, folder) }));
}
