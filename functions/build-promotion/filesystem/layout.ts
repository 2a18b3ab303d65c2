import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '#shared/errors.ts';

/** A folder with `builds` and `envs`: the store itself, or one that builds are copied to. */
export interface Store {
  readonly root: string;
}

export const folders = {
  build: ({ root }: Store, buildId: string) => join(root, 'builds', buildId),
  builds: ({ root }: Store) => join(root, 'builds'),
  incoming: ({ root }: Store) => join(root, 'builds', '.incoming'),
  trash: ({ root }: Store) => join(root, 'builds', '.trash'),
  /** What each build looked like when all of it was read. */
  checks: ({ root }: Store) => join(root, 'builds', '.checks'),
  bad: ({ root }: Store) => join(root, 'builds', '.bad'),
  pinned: ({ root }: Store) => join(root, 'builds', '.pinned'),
  restores: ({ root }: Store) => join(root, 'builds', '.restores'),
  envs: ({ root }: Store) => join(root, 'envs'),
  histories: ({ root }: Store) => join(root, 'envs', '.history'),
  history: ({ root }: Store, env: string) => join(root, 'envs', '.history', env),
  /** What is not yet in its place; on the same file system, so that a rename puts it there. */
  drafts: ({ root }: Store) => join(root, 'envs', '.drafts'),
} as const;

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return isRecord(error) && typeof error.code === 'string' && codes.includes(error.code);
}

/** Undefined in place of an error with one of these codes. */
export async function unless<T>(work: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await unless(lstat(path), 'ENOENT')) !== undefined;
}

/**
 * Whether a build is there now: NFS believes for up to a minute that what it has seen is still there, and looks anew
 * when the folder around it is opened.
 */
export async function isThereNow(store: Store, buildId: string): Promise<boolean> {
  const names = await unless(readdir(folders.builds(store)), 'ENOENT');
  return names?.includes(buildId) ?? false;
}

/** JSON, or undefined when there is no such file. */
export async function readDocument(path: string): Promise<unknown> {
  const text = await unless(readFile(path, 'utf8'), 'ENOENT');
  return text === undefined ? undefined : JSON.parse(text);
}

/** Nobody ever reads half of it. The last of several writers wins. */
export async function writeDocument(store: Store, path: string, content: object): Promise<void> {
  const draft = await writeDraft(store, content);
  try {
    await rename(draft, path);
  } catch (error) {
    // EFS answers a repeated rename, whose first answer was lost, as if there were nothing to rename.
    if (!hasCode(error, 'ENOENT') || (await exists(draft)) || !(await exists(path))) throw error;
  }
}

/**
 * Makes a file that only one can make, whole from its first moment: opening it exclusively and writing it then would
 * leave an empty one behind whoever dies in between.
 *
 * @returns whether it is ours; after a lost answer it may be ours all the same, as its content tells
 */
export async function claimDocument(store: Store, path: string, content: object): Promise<boolean> {
  const draft = await writeDraft(store, content);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

export function draftName(store: Store): string {
  return join(folders.drafts(store), randomUUID());
}

async function writeDraft(store: Store, content: object): Promise<string> {
  const draft = draftName(store);
  await mkdir(folders.drafts(store), { recursive: true });
  await writeFile(draft, `${JSON.stringify(content)}\n`);
  return draft;
}
