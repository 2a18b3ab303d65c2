import { lstat, mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import { parseTrashName, trashName } from '../domain/prune-rules.ts';
import { exists, folders, hasCode, type Store, undefinedOnError } from './layout.ts';
import { EFS_CONCURRENCY } from './walk.ts';

/** Prefix of folders that are being deleted. */
export const DELETING = 'deleting-';

export interface TrashEntry {
  readonly name: string;
  readonly buildId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Moves a folder to the trash atomically. @returns false if it does not exist */
export async function moveToTrash(
  store: Store,
  folder: string,
  buildId: string,
  now: number,
): Promise<boolean> {
  await mkdir(folders.trash(store), { recursive: true });
  const moved = await undefinedOnError(
    rename(folder, join(folders.trash(store), trashName(buildId, now))).then(() => true),
    'ENOENT',
  );
  return moved ?? false;
}

/** Moves an invalid folder to the trash, under a name that cannot be restored. */
export async function discardFolder(store: Store, folder: string, now: number): Promise<void> {
  await mkdir(folders.trash(store), { recursive: true });
  const name = `${DELETING}${now}-${basename(folder)}`;
  await undefinedOnError(rename(folder, join(folders.trash(store), name)), 'ENOENT');
}

export async function listTrash(store: Store): Promise<TrashEntry[]> {
  const names = (await undefinedOnError(readdir(folders.trash(store)), 'ENOENT')) ?? [];
  return names.flatMap((name) => {
    const read = parseTrashName(name);
    return read ? [{ name, ...read }] : [];
  });
}

/** Restores a build from the trash, if its deletion has not started. @returns whether the build exists */
export async function restoreFromTrash(store: Store, buildId: string): Promise<boolean> {
  const build = folders.build(store, buildId);
  const entries = (await listTrash(store)).filter((one) => one.buildId === buildId);
  for (const { name } of entries) {
    if (await exists(build)) return true;
    await undefinedOnError(rename(join(folders.trash(store), name), build), 'ENOENT', 'ENOTEMPTY', 'EEXIST');
  }
  return exists(build);
}

/**
 * Deletes a folder. If time runs out, or a host has a file open (`.nfs...`), the next call continues.
 *
 * @returns whether everything was deleted
 */
export async function deleteTree(root: string, isOutOfTime: () => boolean): Promise<boolean> {
  const stats = await undefinedOnError(lstat(root), 'ENOENT');
  if (!stats) return true;
  // Delete a link, not its target.
  if (!stats.isDirectory()) {
    await undefinedOnError(unlink(root), 'ENOENT');
    return true;
  }
  const levels = await deleteFiles(Buffer.from(root), isOutOfTime);
  for (const level of levels.toReversed()) {
    if (isOutOfTime()) return false;
    await mapLimit(level, EFS_CONCURRENCY, (folder) => removeEmpty(folder));
  }
  return !(await exists(root));
}

/**
 * Deletes the files below a folder. Names are handled as bytes, because a name may not be valid UTF-8.
 *
 * @returns the folders by depth, root first
 */
async function deleteFiles(
  root: Buffer,
  isOutOfTime: () => boolean,
): Promise<readonly (readonly Buffer[])[]> {
  const levels: Buffer[][] = [];
  for (let level = [root]; level.length > 0 && !isOutOfTime(); ) {
    levels.push(level);
    const listings = await mapLimit(level, EFS_CONCURRENCY, async (folder) => {
      const entries = await undefinedOnError(
        readdir(folder, { encoding: 'buffer', withFileTypes: true }),
        'ENOENT',
      );
      return (entries ?? []).map((entry) => ({
        path: Buffer.concat([folder, Buffer.from('/'), entry.name]),
        isFolder: entry.isDirectory(),
      }));
    });
    const found = listings.flat();
    await mapLimit(
      found.filter(({ isFolder }) => !isFolder),
      EFS_CONCURRENCY,
      async ({ path }) => {
        if (!isOutOfTime()) await undefinedOnError(unlink(path), 'ENOENT', 'EBUSY', 'ESTALE');
      },
    );
    level = found.filter(({ isFolder }) => isFolder).map(({ path }) => path);
  }
  return levels;
}

/** @returns whether the folder no longer exists */
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
