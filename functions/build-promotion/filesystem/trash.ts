import { lstat, mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import { parseTimedName, type TimedName } from '../domain/prune-rules.ts';
import { exists, folders, hasCode, type Store, undefinedOnError, uniqueName } from './layout.ts';
import { EFS_CONCURRENCY } from './walk.ts';

/** Prefix of folders that are being deleted. */
export const DELETING = 'deleting-';

/** A folder in the trash. It holds the build, or announces that the build will be moved there. */
export interface TrashEntry extends TimedName {
  readonly name: string;
}

/**
 * Announces that a build will be pruned: creates the empty folder in the trash that will hold it. A request that needs
 * the build removes this folder, and then the move fails.
 */
export async function announcePruning(store: Store, buildId: string, now: number): Promise<TrashEntry> {
  const name = uniqueName(buildId, now);
  await mkdir(folders.trash(store), { recursive: true });
  // If NFS repeats the call after a lost response, the folder exists; nobody else chooses this name.
  await undefinedOnError(mkdir(join(folders.trash(store), name)), 'EEXIST');
  return { name, buildId, at: now };
}

/** Moves an announced build to the trash atomically. @returns false if a request kept the build, or it does not exist */
export async function moveToTrash(store: Store, { buildId, name }: TrashEntry): Promise<boolean> {
  const held = heldBuild(store, name);
  try {
    await rename(folders.build(store, buildId), held);
    return true;
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ESTALE')) throw error;
    return exists(held); // if NFS repeats a rename after a lost response, the second one fails
  }
}

/** Takes an announcement back. */
export async function withdrawPruning(store: Store, { name }: TrashEntry): Promise<void> {
  await removeEmpty(join(folders.trash(store), name));
}

function heldBuild(store: Store, name: string): string {
  return join(folders.trash(store), name, 'build');
}

/** Moves an invalid folder to the trash, under a name that cannot be restored. */
export async function discardFolder(store: Store, folder: string, now: number): Promise<void> {
  await mkdir(folders.trash(store), { recursive: true });
  const name = `${DELETING}${now}-${basename(folder)}`;
  await undefinedOnError(rename(folder, join(folders.trash(store), name)), 'ENOENT');
}

export async function listTrash(store: Store): Promise<TrashEntry[]> {
  // Opening the parent makes NFS forget that the folder was missing a moment ago.
  await undefinedOnError(readdir(folders.builds(store)), 'ENOENT');
  const names = (await undefinedOnError(readdir(folders.trash(store)), 'ENOENT')) ?? [];
  return names.flatMap((name) => {
    const read = parseTimedName(name);
    return read ? [{ name, ...read }] : [];
  });
}

/**
 * Restores a build from the trash, if its deletion has not started, and cancels announced moves to the trash. The file
 * system decides between us and pruning: it removes only an empty folder, and moves nothing into a removed one.
 *
 * @returns whether the build exists
 */
export async function restoreFromTrash(store: Store, buildId: string): Promise<boolean> {
  const build = folders.build(store, buildId);
  for (const { name, ...entry } of await listTrash(store)) {
    const folder = join(folders.trash(store), name);
    if (entry.buildId !== buildId || (await removeEmpty(folder))) continue;
    await undefinedOnError(rename(heldBuild(store, name), build), 'ENOENT', 'ENOTEMPTY', 'EEXIST');
    await removeEmpty(folder);
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
