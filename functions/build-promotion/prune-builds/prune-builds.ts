import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import { GroundcrewError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { PruneConfig } from '../config.ts';
import { copyStores, mainStore } from '../context.ts';
import { lastLive } from '../domain/history.ts';
import { BUILD_ID } from '../domain/names.ts';
import { type Candidate, choosePrunable, GRACE_MS, INCOMING_MS, TRASH_MS } from '../domain/prune-rules.ts';
import { Refused } from '../domain/refusal.ts';
import { isLinked, listEnvironments, listHistories, readLive } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import { exists, folders, isThereNow, type Store, unless } from '../filesystem/layout.ts';
import { listMarked } from '../filesystem/marks.ts';
import { readRestores } from '../filesystem/restore-records.ts';
import { readStamp } from '../filesystem/stamp.ts';
import { DELETING, deleteTree, discard, listTrash, takeBack, throwAway } from '../filesystem/trash.ts';
import { LANES } from '../filesystem/walk.ts';

/** What became of one store. */
export interface Pruned {
  readonly root: string;
  readonly pruned: readonly string[];
  /** Referenced after all when the roots were read again. */
  readonly tookBack: readonly string[];
  readonly deleted: number;
  /** In the trash, for a later call. */
  readonly waiting: number;
  /** Names among the builds that nobody stamped; left alone. */
  readonly unknown: readonly string[];
}

/** What follows the last look at the clock. */
const REST_MS = 10_000;

/** Prunes the main store and every store of copies; one that cannot be read keeps the others from nothing. */
export async function pruneBuilds(config: PruneConfig, invocation: Invocation): Promise<readonly Pruned[]> {
  const results: Pruned[] = [];
  const failures: unknown[] = [];
  for (const store of [mainStore(config), ...copyStores(config)]) {
    try {
      const result = await pruneStore(store, config, invocation);
      invocation.logger.info(config.dryRun ? 'dry run: would prune' : 'pruned', { ...result });
      addCount(invocation.metrics, 'Pruned', config.dryRun ? 0 : result.pruned.length);
      results.push(result);
    } catch (error) {
      invocation.logger.error('nothing is pruned here', { root: store.root, error });
      addCount(invocation.metrics, 'PruneHeld');
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new GroundcrewError('a store could not be pruned', { cause: failures[0] });
  return results;
}

async function pruneStore(store: Store, config: PruneConfig, invocation: Invocation): Promise<Pruned> {
  const now = invocation.now();
  const saved = config.dryRun ? [] : await takeBackLive(store);
  const roots = await readRoots(store, config);
  const { candidates, unknown } = await listBuilds(store);
  const chosen = choosePrunable(candidates, roots, config, now);
  if (config.dryRun) {
    const waiting = (await listTrash(store)).length;
    return { root: store.root, pruned: chosen, tookBack: [], deleted: 0, waiting, unknown };
  }
  const thrown: string[] = [];
  for (const buildId of chosen) {
    invocation.signal.throwIfAborted();
    // It may have gone live since the roots were read.
    if (await isLinked(store, buildId)) continue;
    if (await throwAway(store, folders.build(store, buildId), buildId, now)) thrown.push(buildId);
  }
  const tookBack = [...saved, ...(await takeBackRoots(store, config))];
  await clearLeftovers(store, now);
  const { deleted, waiting } = await emptyTrash(store, invocation);
  const pruned = thrown.filter((buildId) => !tookBack.includes(buildId));
  return { root: store.root, pruned, tookBack, deleted, waiting, unknown };
}

/**
 * Everything that must stay: what a link shows, the last ones of each history, pins, restores under way.
 *
 * @throws when an environment cannot be read: nobody knows then what it needs
 */
async function readRoots(store: Store, { keepPerEnvironment, ...config }: PruneConfig): Promise<Set<string>> {
  const { odd } = await listEnvironments(store);
  if (odd.length > 0) throw new GroundcrewError(`envs/${odd[0]} is no environment's name`);
  const roots = new Set(await listMarked(mainStore(config), 'pinned'));
  for (const { buildId, restoredAt } of await readRestores(store))
    if (restoredAt === undefined) roots.add(buildId);
  const bad = await listMarked(mainStore(config), 'bad');
  for (const env of await listHistories(store)) {
    const live = await readLive(store, env);
    if (live.from !== null && live.buildId === undefined)
      throw new GroundcrewError(`envs/${env} leads to ${live.from}, which is none of the builds`);
    if (live.buildId !== undefined) roots.add(live.buildId);
    const entries = await readEntries(store, env);
    // The latest change may be about to show: its build stays, whatever the link says yet.
    const latest = entries.at(-1);
    if (latest) roots.add(latest.to);
    for (const buildId of lastLive(entries, live.buildId, bad, keepPerEnvironment)) roots.add(buildId);
  }
  return roots;
}

/** A run that died may have left in the trash what a link shows; that comes first, whatever else cannot be read. */
async function takeBackLive(store: Store): Promise<string[]> {
  const { envs } = await listEnvironments(store);
  const tookBack: string[] = [];
  for (const env of envs) {
    const buildId = await readLive(store, env).then(
      (live) => live.buildId,
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        return undefined; // no link is in its place
      },
    );
    if (buildId === undefined || (await isThereNow(store, buildId))) continue;
    if (await takeBack(store, buildId)) tookBack.push(buildId);
  }
  return tookBack;
}

async function listBuilds(store: Store): Promise<{ candidates: Candidate[]; unknown: string[] }> {
  const entries = (await unless(readdir(folders.builds(store), { withFileTypes: true }), 'ENOENT')) ?? [];
  // What a link leads to is not the store's to prune.
  const real = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const visible = entries
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.'))
    .sort();
  const back = new Map((await readRestores(store)).map(({ buildId, restoredAt }) => [buildId, restoredAt]));
  const stamps = await mapLimit(visible, LANES, (name) =>
    BUILD_ID.test(name) && real.has(name)
      ? readStamp(folders.build(store, name))
      : Promise.resolve(undefined),
  );
  const candidates: Candidate[] = [];
  const unknown: string[] = [];
  for (const [at, name] of visible.entries()) {
    const stamp = stamps[at];
    const since = Date.parse(back.get(name) ?? stamp?.createdAt ?? '');
    if (stamp?.buildId === name && Number.isFinite(since)) candidates.push({ buildId: name, since });
    else unknown.push(name);
  }
  return { candidates, unknown };
}

/** Between the first look and the rename somebody may have gone back to a build: it comes out of the trash again. */
async function takeBackRoots(store: Store, config: PruneConfig): Promise<string[]> {
  const roots = await readRoots(store, config);
  const tookBack: string[] = [];
  for (const { buildId } of await listTrash(store)) {
    if (!roots.has(buildId) || (await exists(folders.build(store, buildId)))) continue;
    if (await takeBack(store, buildId)) tookBack.push(buildId);
  }
  return tookBack;
}

/** What processes that died have left behind, when it is old enough that nobody can be at work on it. */
async function clearLeftovers(store: Store, now: number): Promise<void> {
  const isOld = async (path: string, ms: number): Promise<boolean> => {
    const stats = await unless(lstat(path), 'ENOENT');
    return stats !== undefined && now - stats.ctimeMs > ms;
  };
  for (const name of (await unless(readdir(folders.incoming(store)), 'ENOENT')) ?? []) {
    const folder = join(folders.incoming(store), name);
    if (await isOld(folder, INCOMING_MS)) await discard(store, folder, now);
  }
  for (const name of (await unless(readdir(folders.drafts(store)), 'ENOENT')) ?? []) {
    const draft = join(folders.drafts(store), name);
    if (await isOld(draft, GRACE_MS)) await rm(draft, { force: true });
  }
}

async function emptyTrash(
  store: Store,
  invocation: Invocation,
): Promise<{ deleted: number; waiting: number }> {
  const stop = (): boolean => invocation.remainingMs() < REST_MS;
  const thrown = (await listTrash(store)).toSorted((a, b) => a.at - b.at);
  let deleted = 0;
  for (const { at, buildId, name } of thrown) {
    if (invocation.now() - at < TRASH_MS || stop()) continue;
    // Under another name first: from here on nobody takes it back.
    const doomed = join(folders.trash(store), `${DELETING}${name}`);
    await unless(rename(join(folders.trash(store), name), doomed), 'ENOENT');
    if (!(await exists(folders.build(store, buildId)))) await forget(store, buildId);
    deleted += 1;
  }
  const remains = await finishDeleting(store, stop);
  return { deleted, waiting: (await listTrash(store)).length + remains };
}

/** Also what an earlier call had no time for. @returns how many are left */
async function finishDeleting(store: Store, stop: () => boolean): Promise<number> {
  const names = (await unless(readdir(folders.trash(store)), 'ENOENT')) ?? [];
  let left = 0;
  for (const name of names.filter((one) => one.startsWith(DELETING))) {
    if (stop() || !(await deleteTree(join(folders.trash(store), name), stop))) left += 1;
  }
  return left;
}

async function forget(store: Store, buildId: string): Promise<void> {
  await rm(join(folders.checks(store), `${buildId}.json`), { force: true });
  await rm(join(folders.restores(store), buildId), { force: true });
}
