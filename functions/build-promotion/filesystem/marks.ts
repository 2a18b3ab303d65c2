import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '#shared/errors.ts';
import { BUILD_ID } from '../domain/names.ts';
import { folders, readDocument, type Store, unless, writeDocument } from './layout.ts';

/** What people say of a build. */
export type Mark = 'bad' | 'pinned';

export async function setMark(store: Store, mark: Mark, buildId: string, content: object): Promise<void> {
  const folder = folders[mark](store);
  await mkdir(folder, { recursive: true });
  await writeDocument(store, join(folder, buildId), content);
}

export async function takeMark(store: Store, mark: Mark, buildId: string): Promise<void> {
  await rm(join(folders[mark](store), buildId), { force: true });
}

export async function listMarked(store: Store, mark: Mark): Promise<Set<string>> {
  const names = (await unless(readdir(folders[mark](store)), 'ENOENT')) ?? [];
  return new Set(names.filter((name) => BUILD_ID.test(name)));
}

/** Why a build is bad; undefined when nobody said so. */
export async function readBad(store: Store, buildId: string): Promise<string | undefined> {
  const mark = await readDocument(join(folders.bad(store), buildId));
  if (mark === undefined) return undefined;
  return isRecord(mark) && typeof mark.reason === 'string' ? mark.reason : 'no reason given';
}
