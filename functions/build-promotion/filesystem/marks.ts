import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '#shared/errors.ts';
import { BUILD_ID } from '../domain/names.ts';
import { folders, readDocument, type Store, undefinedOnError, writeDocument } from './layout.ts';

/** Set by people. A bad build is not promoted, a pinned build is not pruned. */
export type Mark = 'bad' | 'pinned';

export async function setMark(store: Store, mark: Mark, buildId: string, content: object): Promise<void> {
  const folder = folders[mark](store);
  await mkdir(folder, { recursive: true });
  await writeDocument(store, join(folder, buildId), content);
}

export async function removeMark(store: Store, mark: Mark, buildId: string): Promise<void> {
  await rm(join(folders[mark](store), buildId), { force: true });
}

export async function listMarkedBuilds(store: Store, mark: Mark): Promise<Set<string>> {
  const names = (await undefinedOnError(readdir(folders[mark](store)), 'ENOENT')) ?? [];
  return new Set(names.filter((name) => BUILD_ID.test(name)));
}

/** @returns why the build is marked bad, or undefined if it is not */
export async function readBadReason(store: Store, buildId: string): Promise<string | undefined> {
  const mark = await readDocument(join(folders.bad(store), buildId));
  if (mark === undefined) return undefined;
  return isRecord(mark) && typeof mark.reason === 'string' ? mark.reason : 'no reason given';
}
