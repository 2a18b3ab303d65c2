import { lstat, readdir, readlink, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RetryableError } from '#shared/errors.ts';
import { BUILD_ID, ENVIRONMENT } from '../domain/names.ts';
import { Refused } from '../domain/refusal.ts';
import { draftName, folders, hasCode, type Store, unless } from './layout.ts';

/** Relative, since every host mounts the file system at a place of its own. */
export function targetOf(buildId: string): string {
  return `../builds/${buildId}`;
}

/** The build that a link's text names; undefined for a link that this wing did not make. */
export function buildOf(target: string): string | undefined {
  const buildId = target.startsWith('../builds/') ? target.slice('../builds/'.length) : '';
  return BUILD_ID.test(buildId) ? buildId : undefined;
}

export interface Live {
  readonly buildId?: string;
  /** What the link says, whoever made it; null where there is none. */
  readonly from: string | null;
}

/** What an environment shows now. @throws Refused when something else is in the link's place */
export async function readLive(store: Store, env: string): Promise<Live> {
  // Opening the folder makes NFS look at it anew: a link is otherwise believed for up to a minute.
  await unless(readdir(folders.envs(store)), 'ENOENT');
  const path = join(folders.envs(store), env);
  const stats = await unless(lstat(path), 'ENOENT');
  if (!stats) return { from: null };
  if (!stats.isSymbolicLink()) {
    const kind = stats.isDirectory() ? 'a directory' : 'a file';
    const way = `Move it aside (mv envs/${env} envs/${env}.before) and promote again`;
    throw new Refused(
      `envs/${env} is ${kind}, and no rename puts a link in its place. ${way}.`,
      'ConfigurationError',
    );
  }
  const target = await readlink(path);
  const buildId = buildOf(target);
  return { from: buildId ?? target, ...(buildId !== undefined && { buildId }) };
}

/** Every environment's name; what is no name of one is given as `odd`. */
export async function listEnvironments(
  store: Store,
): Promise<{ readonly envs: readonly string[]; readonly odd: readonly string[] }> {
  const names = (await unless(readdir(folders.envs(store)), 'ENOENT')) ?? [];
  const visible = names.filter((name) => !name.startsWith('.')).sort();
  return {
    envs: visible.filter((name) => ENVIRONMENT.test(name)),
    odd: visible.filter((name) => !ENVIRONMENT.test(name)),
  };
}

/** Every environment, those too whose link is gone: they still have a history to go back by. */
export async function listHistories(store: Store): Promise<ReadonlySet<string>> {
  const { envs } = await listEnvironments(store);
  const names = (await unless(readdir(folders.histories(store)), 'ENOENT')) ?? [];
  return new Set([...envs, ...names]);
}

/** Whether any environment shows the build. @throws Refused when one cannot be read */
export async function isLinked(store: Store, buildId: string): Promise<boolean> {
  const { envs } = await listEnvironments(store);
  const shown = await Promise.all(envs.map((env) => readLive(store, env)));
  return shown.some((live) => live.buildId === buildId);
}

/** Moves the link in one step: whoever follows it meets the old build or the new one, never nothing and never half. */
export async function point(store: Store, env: string, buildId: string): Promise<void> {
  const path = join(folders.envs(store), env);
  const target = targetOf(buildId);
  const draft = draftName(store);
  await unless(symlink(target, draft), 'EEXIST'); // a name that nobody else has: our own call came twice
  try {
    await rename(draft, path);
  } catch (error) {
    // EFS keeps no answers: a call that it gets twice finds its work done, and says that there is nothing to rename.
    if (!hasCode(error, 'ENOENT') || (await unless(readlink(path), 'ENOENT', 'EINVAL')) !== target)
      throw error;
  }
  const found = await readlink(path);
  if (found !== target && buildOf(found) === undefined)
    throw new RetryableError(`envs/${env} says ${found} after it was pointed at ${target}`);
}
