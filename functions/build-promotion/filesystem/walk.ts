import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import type { FoundFile } from '../domain/manifest-diff.ts';
import { MANIFEST, MODES, STAMP } from '../domain/names.ts';

/** Parallel file operations of one function, done by UV_THREADPOOL_SIZE threads. */
export const EFS_CONCURRENCY = 64;

const ownFiles: ReadonlySet<string> = new Set([MANIFEST, MODES, STAMP]);
const ownFilesWithoutModes: ReadonlySet<string> = new Set([MANIFEST, STAMP]);

/** Files that stamping adds to a build. */
export function stampedFiles(hasModes: boolean): ReadonlySet<string> {
  return hasModes ? ownFiles : ownFilesWithoutModes;
}

export interface Tree {
  /** Sorted by path. */
  readonly found: readonly FoundFile[];
  readonly folders: readonly string[];
}

/**
 * Lists everything below a folder without following links. Paths are relative, separated by slashes.
 *
 * @param ignored regular files to leave out
 */
export async function listTree(root: string, ignored: ReadonlySet<string>): Promise<Tree> {
  const found: FoundFile[] = [];
  const folders: string[] = [];
  for (let level = ['']; level.length > 0; ) {
    const listings = await mapLimit(level, EFS_CONCURRENCY, async (folder) => {
      const entries = await readdir(join(root, folder), { withFileTypes: true });
      return entries.map((entry) => [folder === '' ? entry.name : `${folder}/${entry.name}`, entry] as const);
    });
    level = [];
    for (const [path, entry] of listings.flat()) {
      if (entry.isDirectory()) level.push(path);
      else if (!ignored.has(path) || !entry.isFile()) found.push({ path, kind: fileKind(entry) });
    }
    folders.push(...level);
  }
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { found, folders };
}

/** Names that are not valid UTF-8 cannot be distinguished, so they count as special. */
function fileKind(entry: Dirent): FoundFile['kind'] {
  if (entry.name.includes('\uFFFD')) return 'special';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'special';
}
