import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '#shared/errors.ts';
import { timedName } from '../domain/prune-rules.ts';

/** A folder with `builds` and `envs`: the main store, or a folder for copies. */
export interface Store {
  readonly root: string;
}

export const folders = {
  build: ({ root }: Store, buildId: string) => join(root, 'builds', buildId),
  builds: ({ root }: Store) => join(root, 'builds'),
  incoming: ({ root }: Store) => join(root, 'builds', '.incoming'),
  trash: ({ root }: Store) => join(root, 'builds', '.trash'),
  /** Attributes of each build when all of it was verified. */
  checks: ({ root }: Store) => join(root, 'builds', '.checks'),
  bad: ({ root }: Store) => join(root, 'builds', '.bad'),
  pinned: ({ root }: Store) => join(root, 'builds', '.pinned'),
  /** Builds that a running request may make live. */
  wanted: ({ root }: Store) => join(root, 'builds', '.wanted'),
  restores: ({ root }: Store) => join(root, 'builds', '.restores'),
  envs: ({ root }: Store) => join(root, 'envs'),
  histories: ({ root }: Store) => join(root, 'envs', '.history'),
  history: ({ root }: Store, env: string) => join(root, 'envs', '.history', env),
  /** Temporary files, on the same file system so that a rename can move them. */
  drafts: ({ root }: Store) => join(root, 'envs', '.drafts'),
} as const;

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return isRecord(error) && typeof error.code === 'string' && codes.includes(error.code);
}

/** Returns undefined for an error with one of these codes. */
export async function undefinedOnError<T>(
  operation: Promise<T>,
  ...codes: readonly string[]
): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await undefinedOnError(lstat(path), 'ENOENT')) !== undefined;
}

/**
 * Whether a build exists, without the NFS cache: an NFS client caches a folder for up to a minute, but refreshes it when
 * its parent is opened.
 */
export async function existsUncached(store: Store, buildId: string): Promise<boolean> {
  const names = await undefinedOnError(readdir(folders.builds(store)), 'ENOENT');
  return names?.includes(buildId) ?? false;
}

/** @returns the parsed JSON, or undefined if the file does not exist */
export async function readDocument(path: string): Promise<unknown> {
  const text = await undefinedOnError(readFile(path, 'utf8'), 'ENOENT');
  return text === undefined ? undefined : JSON.parse(text);
}

/** Writes atomically. The last of several writers wins. */
export async function writeDocument(store: Store, path: string, content: object): Promise<void> {
  const draft = await writeDraft(store, content);
  try {
    await rename(draft, path);
  } catch (error) {
    // If NFS repeats a rename after a lost response, the second one fails because the first one succeeded.
    if (!hasCode(error, 'ENOENT') || (await exists(draft)) || !(await exists(path))) throw error;
  }
}

/**
 * Creates a complete file that only one process can create. (Opening it exclusively and writing afterwards could leave an
 * empty file behind.)
 *
 * @returns whether we created it; after a lost response it can be ours even if false, as its content shows
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

/** A name with a build and a time that no other process chooses. */
export function uniqueName(buildId: string, now: number): string {
  return timedName(buildId, now, randomUUID().slice(0, 8));
}

async function writeDraft(store: Store, content: object): Promise<string> {
  const draft = draftName(store);
  await mkdir(folders.drafts(store), { recursive: true });
  await writeFile(draft, `${JSON.stringify(content)}\n`);
  return draft;
}
