import { constants } from 'node:fs';
import { copyFile, link, mkdir, readlink, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { Manifest } from '../domain/manifest.ts';
import type { Met } from '../domain/manifest-diff.ts';
import { hasCode, unless } from './layout.ts';
import { LANES } from './walk.ts';

export interface CopyPlan {
  readonly from: string;
  readonly to: string;
  readonly manifest: Manifest;
  /** The release that is live at the target: files that it has already are linked, not copied. */
  readonly base?: { readonly folder: string; readonly manifest: Manifest } | undefined;
  readonly stop: () => boolean;
}

/** Between two looks at the clock. */
const GROUP = 512;

/**
 * Copies a build's files, from the one at `done` on, in the order of their paths; links those that the base holds with
 * the same digest. What becomes of it is verified afterwards, so nothing is believed here.
 *
 * @param files as they were met on disk
 * @returns how many are through
 */
export async function copyFiles(plan: CopyPlan, files: readonly Met[], done: number): Promise<number> {
  let through = done;
  const parents = new Set(files.slice(done).map(({ path }) => dirname(path)));
  await mapLimit([...parents], LANES, (folder) => mkdir(join(plan.to, folder), { recursive: true }));
  for (const group of chunk(files.slice(done), GROUP)) {
    if (plan.stop()) break;
    await mapLimit(group, LANES, (file) => copyOne(plan, file));
    through += group.length;
  }
  return through;
}

async function copyOne({ base, from, manifest, to }: CopyPlan, { kind, path }: Met): Promise<void> {
  const target = join(to, path);
  if (kind === 'link') {
    const leadsTo = await readlink(join(from, path));
    return anew(target, () => symlink(leadsTo, target));
  }
  const isKept = base?.manifest.get(path) !== undefined && base.manifest.get(path) === manifest.get(path);
  if (isKept && (await tryLink(join(base.folder, path), target))) return;
  await anew(target, () => copyFile(join(from, path), target, constants.COPYFILE_EXCL));
}

/** False where the base has lost the file, or as many names as the file system allows (EFS: 177). */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await anew(to, () => link(from, to));
    return true;
  } catch (error) {
    if (hasCode(error, 'EMLINK', 'ENOENT', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV')) return false;
    throw error;
  }
}

/** Never onto what an earlier attempt left: it may be another name of a file that is live. */
async function anew(target: string, make: () => Promise<void>): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    await unless(unlink(target), 'ENOENT');
    await make();
  }
}
