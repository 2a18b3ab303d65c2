import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTimedName, type TimedName } from '../domain/prune-rules.ts';
import { folders, type Store, undefinedOnError, uniqueName } from './layout.ts';
import { restoreFromTrash } from './trash.ts';

export interface WantedMark extends TimedName {
  readonly name: string;
}

/**
 * Keeps a build from being pruned while a request may make it live. First the mark, then the trash: pruning first announces
 * a build in the trash, then reads the marks. So at least one of the two sees the other (ADR 0023).
 *
 * @returns whether the build exists
 */
export async function protectBuild(store: Store, buildId: string, now: number): Promise<boolean> {
  await mkdir(folders.wanted(store), { recursive: true });
  await writeFile(join(folders.wanted(store), uniqueName(buildId, now)), '');
  return restoreFromTrash(store, buildId);
}

/** Also those of requests that ended: a mark is never removed early. */
export async function listWantedMarks(store: Store): Promise<WantedMark[]> {
  // Opening the parent makes NFS forget that the folder was missing a moment ago.
  await undefinedOnError(readdir(folders.builds(store)), 'ENOENT');
  const names = (await undefinedOnError(readdir(folders.wanted(store)), 'ENOENT')) ?? [];
  return names.flatMap((name) => {
    const mark = parseTimedName(name);
    return mark ? [{ name, ...mark }] : [];
  });
}
