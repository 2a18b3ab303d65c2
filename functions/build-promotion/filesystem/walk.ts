import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import type { Met } from '../domain/manifest-diff.ts';
import { MANIFEST, STAMP } from '../domain/names.ts';

/** As many requests as EFS may have of one function at once: UV_THREADPOOL_SIZE threads do them. */
export const LANES = 64;

const ownFiles: ReadonlySet<string> = new Set([MANIFEST, STAMP]);

export interface Tree {
  /** Sorted by path. */
  readonly met: readonly Met[];
  readonly folders: readonly string[];
}

/**
 * Everything below a build's folder, without following links. Paths are relative, parted by slashes.
 *
 * @param leaveOut regular files that are not met
 */
export async function walk(root: string, leaveOut: ReadonlySet<string> = ownFiles): Promise<Tree> {
  const met: Met[] = [];
  const folders: string[] = [];
  for (let level = ['']; level.length > 0; ) {
    const listings = await mapLimit(level, LANES, async (folder) => {
      const entries = await readdir(join(root, folder), { withFileTypes: true });
      return entries.map((entry) => [folder === '' ? entry.name : `${folder}/${entry.name}`, entry] as const);
    });
    level = [];
    for (const [path, entry] of listings.flat()) {
      if (entry.isDirectory()) level.push(path);
      else if (!leaveOut.has(path) || !entry.isFile()) met.push({ path, kind: kindOf(entry) });
    }
    folders.push(...level);
  }
  met.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { met, folders };
}

/** A name that is no UTF-8 cannot be told from another such name. */
function kindOf(entry: Dirent): Met['kind'] {
  if (entry.name.includes('\uFFFD')) return 'special';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'special';
}
