import { constants } from 'node:fs';
import { copyFile, link, mkdir, readlink, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { Manifest } from '../domain/manifest.ts';
import type { FoundFile } from '../domain/manifest-diff.ts';
import { hasCode, undefinedOnError } from './layout.ts';
import { EFS_CONCURRENCY } from './walk.ts';

export interface CopyPlan {
  readonly from: string;
  readonly to: string;
  readonly manifest: Manifest;
  /** The live release at the target: unchanged files are hard-linked, not copied. */
  readonly base?: { readonly folder: string; readonly manifest: Manifest } | undefined;
  readonly isOutOfTime: () => boolean;
}

/** Files copied between two checks of the time. */
const GROUP_SIZE = 512;

/**
 * Copies a build's files in the order of their paths, starting at index `done`. Files with the same digest in `base` are
 * hard-linked. The result is verified afterwards.
 *
 * @param files as found on disk
 * @returns the number of files done
 */
export async function copyFiles(plan: CopyPlan, files: readonly FoundFile[], done: number): Promise<number> {
  let copied = done;
  const parents = new Set(files.slice(done).map(({ path }) => dirname(path)));
  await mapLimit([...parents], EFS_CONCURRENCY, (folder) =>
    mkdir(join(plan.to, folder), { recursive: true }),
  );
  for (const group of chunk(files.slice(done), GROUP_SIZE)) {
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
  const isUnchanged =
    base?.manifest.get(path) !== undefined && base.manifest.get(path) === manifest.get(path);
  if (isUnchanged && (await tryLink(join(base.folder, path), target))) return;
  await replaceExisting(target, () => copyFile(join(from, path), target, constants.COPYFILE_EXCL));
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
