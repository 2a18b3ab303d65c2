import { lstat, mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import { readTrashName, trashNameOf } from '../domain/prune-rules.ts';
import { exists, folders, hasCode, type Store, unless } from './layout.ts';
import { LANES } from './walk.ts';

/** Begins the name of what is being deleted. */
export const DELETING = 'deleting-';

export interface Thrown {
  readonly name: string;
  readonly buildId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Moves a folder out of sight in one step. @returns false when it is not there any more */
export async function throwAway(
  store: Store,
  folder: string,
  buildId: string,
  now: number,
): Promise<boolean> {
  await mkdir(folders.trash(store), { recursive: true });
  const moved = await unless(
    rename(folder, join(folders.trash(store), trashNameOf(buildId, now))).then(() => true),
    'ENOENT',
  );
  return moved ?? false;
}

/** Moves what is no sound build out of sight, under a name by which nobody takes it back. */
export async function discard(store: Store, folder: string, now: number): Promise<void> {
  await mkdir(folders.trash(store), { recursive: true });
  const name = `${DELETING}${now}-${basename(folder)}`;
  await unless(rename(folder, join(folders.trash(store), name)), 'ENOENT');
}

export async function listTrash(store: Store): Promise<Thrown[]> {
  const names = (await unless(readdir(folders.trash(store)), 'ENOENT')) ?? [];
  return names.flatMap((name) => {
    const read = readTrashName(name);
    return read ? [{ name, ...read }] : [];
  });
}

/** Puts a build back whose deletion has not begun. @returns whether it is there now */
export async function takeBack(store: Store, buildId: string): Promise<boolean> {
  const build = folders.build(store, buildId);
  const thrown = (await listTrash(store)).filter((one) => one.buildId === buildId);
  for (const { name } of thrown) {
    if (await exists(build)) return true;
    await unless(rename(join(folders.trash(store), name), build), 'ENOENT', 'ENOTEMPTY', 'EEXIST');
  }
  return exists(build);
}

/**
 * Deletes what lies in the trash. A deletion that runs out of time is gone on with by the next one, and what a host
 * still holds open (`.nfs...`) is left for then.
 *
 * @returns whether all of it is gone
 */
export async function deleteTree(root: string, stop: () => boolean): Promise<boolean> {
  const stats = await unless(lstat(root), 'ENOENT');
  if (!stats) return true;
  // A link is not what it leads to.
  if (!stats.isDirectory()) {
    await unless(unlink(root), 'ENOENT');
    return true;
  }
  const levels = await deleteFiles(Buffer.from(root), stop);
  for (const level of levels.toReversed()) {
    if (stop()) return false;
    await mapLimit(level, LANES, (folder) => removeEmpty(folder));
  }
  return !(await exists(root));
}

/**
 * Deletes the files below. Names are bytes here: one that is no UTF-8 would be another one if it became a text.
 *
 * @returns the folders by their depth, the root first
 */
async function deleteFiles(root: Buffer, stop: () => boolean): Promise<readonly (readonly Buffer[])[]> {
  const levels: Buffer[][] = [];
  for (let level = [root]; level.length > 0 && !stop(); ) {
    levels.push(level);
    const listings = await mapLimit(level, LANES, async (folder) => {
      const entries = await unless(readdir(folder, { encoding: 'buffer', withFileTypes: true }), 'ENOENT');
      return (entries ?? []).map((entry) => ({
        path: Buffer.concat([folder, Buffer.from('/'), entry.name]),
        isFolder: entry.isDirectory(),
      }));
    });
    const met = listings.flat();
    await mapLimit(
      met.filter(({ isFolder }) => !isFolder),
      LANES,
      async ({ path }) => {
        if (!stop()) await unless(unlink(path), 'ENOENT', 'EBUSY', 'ESTALE');
      },
    );
    level = met.filter(({ isFolder }) => isFolder).map(({ path }) => path);
  }
  return levels;
}

/** @returns whether it is gone */
export async function removeEmpty(folder: string | Buffer): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'EBUSY', 'ESTALE')) return false;
    throw error;
  }
}
