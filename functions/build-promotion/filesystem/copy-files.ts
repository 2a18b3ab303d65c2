import { constants } from 'node:fs';
import { chmod, copyFile, link, mkdir, readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { Manifest } from '../domain/manifest.ts';
import type { FoundFile } from '../domain/manifest-diff.ts';
import { hasCode, undefinedOnError } from './layout.ts';
import { EFS_CONCURRENCY, type Tree } from './walk.ts';

export interface CopyPlan {
  readonly from: string;
  readonly to: string;
  readonly manifest: Manifest;
  /** The live release at the target: unchanged files are hard-linked, not copied. */
  readonly base?: { readonly folder: string; readonly manifest: Manifest } | undefined;
  readonly isOutOfTime: () => boolean;
}

const FOLDER_MODE = 0o755;
/** Files copied between two checks of the time. */
const GROUP_SIZE = 512;

/**
 * Copies a build's files in the order of their paths, starting at index `done`. Files with the same hash in `base` are
 * hard-linked. The result is verified afterwards.
 *
 * @param tree as found on disk
 * @returns the number of files done
 */
export async function copyFiles(plan: CopyPlan, tree: Tree, done: number): Promise<number> {
  let copied = done;
  await mapLimit(['', ...tree.folders], EFS_CONCURRENCY, async (folder) => {
    await mkdir(join(plan.to, folder), { recursive: true });
    await chmod(join(plan.to, folder), FOLDER_MODE);
  });
  for (const group of chunk(tree.found.slice(done), GROUP_SIZE)) {
    if (plan.isOutOfTime()) break;
    await mapLimit(group, EFS_CONCURRENCY, (file) => copyOne(plan, file));
    copied += group.length;
  }
  return copied;
}

async function copyOne({ base, from, manifest, to }: CopyPlan, { kind, path }: FoundFile): Promise<void> {
  const target = join(to, path);
  if (kind === 'link') {
    const linkTarget = await readlink(join(from, path));
    return replaceExisting(target, () => symlink(linkTarget, target));
  }
  if (base && isUnchanged(path, base.manifest, manifest) && (await tryLink(join(base.folder, path), target)))
    return;
  await replaceExisting(target, () => copyFile(join(from, path), target, constants.COPYFILE_EXCL));
}

/** A hard link has the mode of the other file, so the mode must be the same as well. */
function isUnchanged(path: string, base: Manifest, wanted: Manifest): boolean {
  const hash = base.hashes.get(path);
  return (
    hash !== undefined &&
    hash === wanted.hashes.get(path) &&
    base.modes?.executables.has(path) === wanted.modes?.executables.has(path)
  );
}

/** @returns false if the file is missing in the base, or has the most hard links allowed (EFS: 177) */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await replaceExisting(to, () => link(from, to));
    return true;
  } catch (error) {
    if (hasCode(error, 'EMLINK', 'ENOENT', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV')) return false;
    throw error;
  }
}

/** Replaces, never overwrites: a file left by an earlier attempt may be a hard link to a live file. */
async function replaceExisting(target: string, create: () => Promise<void>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    await undefinedOnError(unlink(target), 'ENOENT');
    await create();
  }
}
