import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import { GroundcrewError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount, addGauge } from '#shared/metrics.ts';
import type { PruneConfig } from '../config.ts';
import { copyStores, mainStore } from '../context.ts';
import { BUILD_ID } from '../domain/names.ts';
import {
  type Candidate,
  choosePrunable,
  GRACE_MS,
  INCOMING_MS,
  TRASH_MS,
  WANTED_MS,
} from '../domain/prune-rules.ts';
import { RefusalError } from '../domain/refusal.ts';
import { monthlyUsd, type StampedSize, type StoreSize, sizeOf } from '../domain/store-size.ts';
import { listEnvironments, readLive } from '../filesystem/environment-links.ts';
import { exists, existsUncached, folders, type Store, undefinedOnError } from '../filesystem/layout.ts';
import { listRestoreRecords } from '../filesystem/restore-records.ts';
import { readStamp } from '../filesystem/stamp.ts';
import {
  announcePruning,
  DELETING,
  deleteTree,
  discardFolder,
  listTrash,
  moveToTrash,
  restoreFromTrash,
  type TrashEntry,
  withdrawPruning,
} from '../filesystem/trash.ts';
import { EFS_CONCURRENCY } from '../filesystem/walk.ts';
import { listWantedMarks } from '../filesystem/wanted.ts';
import { readBuildsInUse } from './builds-in-use.ts';

/** The result for one store. */
export interface PruneResult extends StoreSize {
  readonly root: string;
  readonly pruned: readonly string[];
  /** Restored from the trash, because they were in use when this was read again. */
  readonly restored: readonly string[];
  readonly deleted: number;
  /** Folders left in the trash for a later run. */
  readonly inTrash: number;
  /** Folders without a valid stamp; not touched. */
  readonly unknown: readonly string[];
}

type StampedBuild = Candidate & StampedSize;

/** Time for the steps after the last check of the time. */
const MIN_REMAINING_MS = 10_000;

/** Prunes the main store and every folder for copies. A failure in one store does not stop the others. */
export async function pruneBuilds(
  config: PruneConfig,
  invocation: Invocation,
): Promise<readonly PruneResult[]> {
  const results: PruneResult[] = [];
  const failures: unknown[] = [];
  for (const store of [mainStore(config), ...copyStores(config)]) {
    try {
      const result = await pruneStore(store, config, invocation);
      invocation.logger.info(config.dryRun ? 'pruning planned' : 'pruning completed', { ...result });
      addCount(invocation.metrics, 'Pruned', config.dryRun ? 0 : result.pruned.length);
      results.push(result);
    } catch (error) {
      invocation.logger.error('pruning stopped: an environment cannot be read', { root: store.root, error });
      addCount(invocation.metrics, 'PruneHeld');
      failures.push(error);
    }
  }
  if (failures.length === 0) reportSize(results, invocation);
  if (failures.length > 0)
    throw new GroundcrewError('pruning failed for at least one store', { cause: failures[0] });
  return results;
}

/** Only if every store was read: a part of the size would look as if builds had gone. */
function reportSize(results: readonly PruneResult[], { metrics }: Invocation): void {
  const bytes = results.reduce((sum, result) => sum + result.storedBytes, 0);
  addGauge(metrics, 'StoredBytes', bytes, 'Bytes');
  addGauge(metrics, 'MonthlyUsd', monthlyUsd(bytes));
}

async function pruneStore(store: Store, config: PruneConfig, invocation: Invocation): Promise<PruneResult> {
  const now = invocation.now();
  const restoredLive = config.dryRun ? [] : await restoreLiveBuilds(store);
  const inUse = await readBuildsInUse(store, config, now);
  const { candidates, unknown } = await listBuilds(store);
  const chosen = choosePrunable(candidates, inUse, config, now);
  if (config.dryRun) {
    const inTrash = (await listTrash(store)).length;
    return {
      root: store.root,
      pruned: chosen,
      restored: [],
      deleted: 0,
      inTrash,
      unknown,
      ...sizeOf(candidates),
    };
  }
  const moved = await pruneChosen(store, chosen, config, invocation);
  const restored = [...restoredLive, ...(await restoreBuildsInUse(store, config, now))];
  await removeLeftovers(store, now);
  const { deleted, inTrash } = await emptyTrash(store, invocation);
  const pruned = moved.filter((buildId) => !restored.includes(buildId));
  const size = sizeOf(candidates.filter(({ buildId }) => !pruned.includes(buildId)));
  return { root: store.root, pruned, restored, deleted, inTrash, unknown, ...size };
}

/**
 * Moves builds to the trash. Announces them all, then reads again what is in use: a request that did not see the
 * announcement has left its mark before that, and one that did see it makes the move fail (ADR 0023).
 */
async function pruneChosen(
  store: Store,
  chosen: readonly string[],
  config: PruneConfig,
  { now, signal }: Invocation,
): Promise<string[]> {
  const at = now();
  const announced: TrashEntry[] = [];
  for (const buildId of chosen) announced.push(await announcePruning(store, buildId, at));
  const inUse = announced.length > 0 ? await readBuildsInUse(store, config, at) : new Set();
  const moved: string[] = [];
  for (const entry of announced) {
    signal.throwIfAborted();
    if (inUse.has(entry.buildId)) await withdrawPruning(store, entry);
    else if (await moveToTrash(store, entry)) moved.push(entry.buildId);
  }
  return moved;
}

/** A run that died may have left a live build in the trash. Restored first, even if other environments cannot be read. */
async function restoreLiveBuilds(store: Store): Promise<string[]> {
  const { envs } = await listEnvironments(store);
  const restored: string[] = [];
  for (const env of envs) {
    const buildId = await readLive(store, env).then(
      (live) => live.buildId,
      (error: unknown) => {
        if (!(error instanceof RefusalError)) throw error;
        return undefined; // it is not a link
      },
    );
    if (buildId === undefined || (await existsUncached(store, buildId))) continue;
    if (await restoreFromTrash(store, buildId)) restored.push(buildId);
  }
  return restored;
}

async function listBuilds(store: Store): Promise<{ candidates: StampedBuild[]; unknown: string[] }> {
  const entries =
    (await undefinedOnError(readdir(folders.builds(store), { withFileTypes: true }), 'ENOENT')) ?? [];
  // Targets of links are not pruned.
  const real = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const visible = entries
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.'))
    .sort();
  const restoredAtById = new Map(
    (await listRestoreRecords(store)).map(({ buildId, restoredAt }) => [buildId, restoredAt]),
  );
  const stamps = await mapLimit(visible, EFS_CONCURRENCY, (name) =>
    BUILD_ID.test(name) && real.has(name)
      ? readStamp(folders.build(store, name))
      : Promise.resolve(undefined),
  );
  const candidates: StampedBuild[] = [];
  const unknown: string[] = [];
  for (const [at, name] of visible.entries()) {
    const stamp = stamps[at];
    const since = Date.parse(restoredAtById.get(name) ?? stamp?.createdAt ?? '');
    if (stamp?.buildId === name && Number.isFinite(since))
      candidates.push({ buildId: name, since, files: stamp.files, bytes: stamp.bytes });
    else unknown.push(name);
  }
  return { candidates, unknown };
}

/** If a rollback chose a build before it was moved to the trash, it is restored. */
async function restoreBuildsInUse(store: Store, config: PruneConfig, now: number): Promise<string[]> {
  const inUse = await readBuildsInUse(store, config, now);
  const restored: string[] = [];
  for (const { buildId } of await listTrash(store)) {
    if (!inUse.has(buildId) || (await exists(folders.build(store, buildId)))) continue;
    if (await restoreFromTrash(store, buildId)) restored.push(buildId);
  }
  return restored;
}

/** Removes old temporary files of processes that died. */
async function removeLeftovers(store: Store, now: number): Promise<void> {
  const isOld = async (path: string, ms: number): Promise<boolean> => {
    const stats = await undefinedOnError(lstat(path), 'ENOENT');
    return stats !== undefined && now - stats.ctimeMs > ms;
  };
  for (const name of (await undefinedOnError(readdir(folders.incoming(store)), 'ENOENT')) ?? []) {
    const folder = join(folders.incoming(store), name);
    if (await isOld(folder, INCOMING_MS)) await discardFolder(store, folder, now);
  }
  for (const name of (await undefinedOnError(readdir(folders.drafts(store)), 'ENOENT')) ?? []) {
    const draft = join(folders.drafts(store), name);
    if (await isOld(draft, GRACE_MS)) await rm(draft, { force: true });
  }
  for (const { at, name } of await listWantedMarks(store))
    if (now - at >= WANTED_MS) await rm(join(folders.wanted(store), name), { force: true });
}

async function emptyTrash(
  store: Store,
  invocation: Invocation,
): Promise<{ deleted: number; inTrash: number }> {
  const isOutOfTime = (): boolean => invocation.remainingMs() < MIN_REMAINING_MS;
  const entries = (await listTrash(store)).toSorted((a, b) => a.at - b.at);
  let deleted = 0;
  for (const { at, buildId, name } of entries) {
    if (invocation.now() - at < TRASH_MS || isOutOfTime()) continue;
    // Renamed first, so that it can no longer be restored.
    const deleting = join(folders.trash(store), `${DELETING}${name}`);
    await undefinedOnError(rename(join(folders.trash(store), name), deleting), 'ENOENT');
    if (!(await exists(folders.build(store, buildId)))) await deleteRecords(store, buildId);
    deleted += 1;
  }
  const remains = await finishDeleting(store, isOutOfTime);
  return { deleted, inTrash: (await listTrash(store)).length + remains };
}

/** Continues deletions of earlier runs too. @returns the number of folders left */
async function finishDeleting(store: Store, isOutOfTime: () => boolean): Promise<number> {
  const names = (await undefinedOnError(readdir(folders.trash(store)), 'ENOENT')) ?? [];
  let remaining = 0;
  for (const name of names.filter((one) => one.startsWith(DELETING))) {
    if (isOutOfTime() || !(await deleteTree(join(folders.trash(store), name), isOutOfTime))) remaining += 1;
  }
  return remaining;
}

async function deleteRecords(store: Store, buildId: string): Promise<void> {
  await rm(join(folders.checks(store), `${buildId}.json`), { force: true });
  await rm(join(folders.restores(store), buildId), { force: true });
}
