import { lstat, readdir, readlink, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RetryableError } from '#shared/errors.ts';
import { BUILD_ID, ENVIRONMENT } from '../domain/names.ts';
import { RefusalError } from '../domain/refusal.ts';
import { draftName, folders, hasCode, type Store, undefinedOnError } from './layout.ts';

/** Relative, because hosts mount the file system at different paths. */
function linkTarget(buildId: string): string {
  return `../builds/${buildId}`;
}

/** The build in the text of a link. @returns undefined for a link that this wing did not create */
function parseLinkTarget(target: string): string | undefined {
  const buildId = target.startsWith('../builds/') ? target.slice('../builds/'.length) : '';
  return BUILD_ID.test(buildId) ? buildId : undefined;
}

export interface Live {
  readonly buildId?: string;
  /** The target of the link, also if a person created it; null if there is no link. */
  readonly from: string | null;
}

/** Reads an environment's link. @throws RefusalError if it is not a symbolic link */
export async function readLive(store: Store, env: string): Promise<Live> {
  // Opening the folder makes NFS refresh it; otherwise a link is cached for up to a minute.
  await undefinedOnError(readdir(folders.envs(store)), 'ENOENT');
  const path = join(folders.envs(store), env);
  const stats = await undefinedOnError(lstat(path), 'ENOENT');
  if (!stats) return { from: null };
  if (!stats.isSymbolicLink()) {
    const kind = stats.isDirectory() ? 'a directory' : 'a file';
    const advice = `Rename it (mv envs/${env} envs/${env}.before) and promote again`;
    throw new RefusalError(
      `envs/${env} is ${kind}, expected a symbolic link. ${advice}.`,
      'ConfigurationError',
    );
  }
  const target = await readlink(path);
  const buildId = parseLinkTarget(target);
  return { from: buildId ?? target, ...(buildId !== undefined && { buildId }) };
}

/** Names of all environments; `invalid` has all other names. */
export async function listEnvironments(
  store: Store,
): Promise<{ readonly envs: readonly string[]; readonly invalid: readonly string[] }> {
  const names = (await undefinedOnError(readdir(folders.envs(store)), 'ENOENT')) ?? [];
  const visible = names.filter((name) => !name.startsWith('.')).sort();
  return {
    envs: visible.filter((name) => ENVIRONMENT.test(name)),
    invalid: visible.filter((name) => !ENVIRONMENT.test(name)),
  };
}

/** All environments, including those without a link: their history still allows a rollback. */
export async function listEnvironmentsWithHistory(store: Store): Promise<ReadonlySet<string>> {
  const { envs } = await listEnvironments(store);
  const names = (await undefinedOnError(readdir(folders.histories(store)), 'ENOENT')) ?? [];
  return new Set([...envs, ...names]);
}

/** Whether any environment shows the build. @throws RefusalError if one cannot be read */
export async function isLinked(store: Store, buildId: string): Promise<boolean> {
  const { envs } = await listEnvironments(store);
  const shown = await Promise.all(envs.map((env) => readLive(store, env)));
  return shown.some((live) => live.buildId === buildId);
}

/** Moves the link atomically: a reader finds the old build or the new one, never nothing. */
export async function moveLink(store: Store, env: string, buildId: string): Promise<void> {
  const path = join(folders.envs(store), env);
  const target = linkTarget(buildId);
  const draft = draftName(store);
  await undefinedOnError(symlink(target, draft), 'EEXIST'); // the name is unique, so this is a repetition of our own call
  try {
    await rename(draft, path);
  } catch (error) {
    // If NFS repeats a rename after a lost response, the second one fails because the first one succeeded.
    if (!hasCode(error, 'ENOENT') || (await undefinedOnError(readlink(path), 'ENOENT', 'EINVAL')) !== target)
      throw error;
  }
  const found = await readlink(path);
  if (found !== target && parseLinkTarget(found) === undefined)
    throw new RetryableError(`envs/${env} is ${found}, expected ${target} after moving the link`);
}
