import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { copyStores, mainStore, type StoreContext } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import type { KnownPresence } from '../domain/recovery-point.ts';
import { RefusalError } from '../domain/refusal.ts';
import { listEnvironmentsWithHistory } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import { exists, existsUncached, folders, type Store, undefinedOnError } from '../filesystem/layout.ts';
import {
  listRestoreRecords,
  type RestoreRecord,
  readRestoreRecord,
  saveRestoreRecord,
} from '../filesystem/restore-records.ts';
import { discardFolder, removeEmpty, restoreFromTrash } from '../filesystem/trash.ts';
import type { Progress } from '../protocol/store-reply.ts';
import type { StoreRequestOf } from './event.ts';
import { compareFolder, readStampedManifest } from './verify-build.ts';

// BuildStore's part of a restore: it saves the restore before AWS Backup is called, and imports the restored folder.

/** What RestoreBuild needs to start or follow the job. */
export type OpenedRestore =
  | { readonly outcome: 'present'; readonly buildId: string }
  | (RestoreRecord & {
      readonly outcome: 'restoring' | 'planned';
      readonly path: string;
      readonly presence: KnownPresence;
    });

export type FinishedRestore =
  | { readonly outcome: 'restored' | 'missing'; readonly buildId: string; readonly reason?: string }
  | { readonly outcome: 'unfinished'; readonly progress: Progress };

export async function listOpenRestores({
  config,
}: StoreContext): Promise<{ readonly buildIds: readonly string[] }> {
  const open = (await listRestoreRecords(mainStore(config))).filter(
    ({ restoredAt }) => restoredAt === undefined,
  );
  return { buildIds: open.map((one) => one.buildId) };
}

/** Saves that a build is to be restored. A repeat returns the saved state. @throws RefusalError */
export async function openRestore(
  context: StoreContext,
  { buildId: id }: StoreRequestOf<'open-restore'>,
): Promise<OpenedRestore> {
  const { config, invocation } = context;
  const store = mainStore(config);
  if ((await exists(folders.build(store, id))) || (!config.dryRun && (await restoreFromTrash(store, id)))) {
    await closeRestore(context, store, id);
    return { outcome: 'present', buildId: id };
  }
  const { presence } = await findInHistories(context, id);
  const path = join('/', config.path, 'builds', id);
  const known = await readRestoreRecord(store, id);
  if (known && known.restoredAt === undefined) return { ...known, outcome: 'restoring', path, presence };
  const requestedAt = new Date(invocation.now()).toISOString();
  const record: RestoreRecord = { buildId: id, token: randomUUID(), requestedAt, tried: [] };
  if (config.dryRun) return { ...record, outcome: 'planned', path, presence };
  await saveRestoreRecord(store, record);
  return { ...record, outcome: 'restoring', path, presence };
}

/** Saves the job, so that it is followed and not started again. */
export async function saveRestoreJob(
  context: StoreContext,
  request: StoreRequestOf<'save-restore-job'>,
): Promise<object> {
  const store = mainStore(context.config);
  const known = await readRestoreRecord(store, request.buildId);
  const { jobId, recoveryPoint, token } = request;
  if (known?.token !== token)
    throw new RefusalError(`${request.buildId}: another restore has replaced this one`);
  await saveRestoreRecord(store, { ...known, jobId, recoveryPoint });
  return { outcome: 'saved', buildId: request.buildId };
}

/** No recovery point contains the build: forget the restore. */
export async function abandonRestore(
  context: StoreContext,
  { buildId: id }: StoreRequestOf<'abandon-restore'>,
): Promise<object> {
  const store = mainStore(context.config);
  if (!context.config.dryRun) await rm(join(folders.restores(store), id), { force: true });
  return { outcome: 'abandoned', buildId: id };
}

/** Imports what AWS Backup restored next to the store: verifies it by the hash in the history, then moves it into place. */
export async function finishRestore(
  context: StoreContext,
  request: StoreRequestOf<'finish-restore'>,
): Promise<FinishedRestore> {
  const { buildId: id, jobId, progress } = request;
  if (context.config.dryRun)
    throw new RefusalError(`${id}: dry run, the folder restored by job ${jobId} is not moved`);
  const store = mainStore(context.config);
  const known = await readRestoreRecord(store, id);
  const isPresent = await exists(folders.build(store, id));
  if (!isPresent && known?.jobId !== jobId)
    throw new RefusalError(`${id}: job ${jobId} is not the open restore of this build`);
  const { artifact } = await findInHistories(context, id);
  let reason = 'AWS Backup did not complete the job';
  for (const folder of await findRestoredFolders(context, id, known)) {
    const isNeeded = request.restored && !(await exists(folders.build(store, id)));
    const verdict = isNeeded ? await verifyRestored(context, folder, artifact, progress) : reason;
    if (typeof verdict === 'object') return { outcome: 'unfinished', progress: verdict };
    if (verdict !== 'sound') reason = verdict;
    await moveRestoredFolder(context, folder, verdict === 'sound' ? folders.build(store, id) : undefined);
  }
  return finishWithoutFolders(context, store, id, reason);
}

/** Moves the folder into place, or into the trash. */
async function moveRestoredFolder(
  context: StoreContext,
  folder: string,
  target: string | undefined,
): Promise<void> {
  const { config, invocation } = context;
  const store = mainStore(config);
  // Empty parent folders do not show who created them, so their path is saved in case this process dies here.
  const record = await readRestoreRecord(store, basename(folder));
  if (record) await saveRestoreRecord(store, { ...record, folder: relative(config.mount, folder) });
  invocation.signal.throwIfAborted();
  if (target !== undefined) await undefinedOnError(rename(folder, target), 'ENOENT', 'ENOTEMPTY', 'EEXIST');
  await discardFolder(store, folder, invocation.now());
  await removeEmptyParents(context, folder);
}

async function finishWithoutFolders(
  context: StoreContext,
  store: Store,
  id: string,
  reason: string,
): Promise<FinishedRestore> {
  if (await existsUncached(store, id)) {
    await closeRestore(context, store, id);
    return { outcome: 'restored', buildId: id };
  }
  const known = await readRestoreRecord(store, id);
  if (known?.folder !== undefined)
    await removeEmptyParents(context, join(context.config.mount, known.folder));
  if (known?.recoveryPoint !== undefined) {
    const { folder: _, jobId: __, recoveryPoint, ...rest } = known;
    await saveRestoreRecord(store, { ...rest, tried: [...known.tried, recoveryPoint] });
  }
  return { outcome: 'missing', buildId: id, reason };
}

/** The build exists: the restore is closed, and pruning counts its age from now. */
async function closeRestore(context: StoreContext, store: Store, id: string): Promise<void> {
  const known = await readRestoreRecord(store, id);
  if (!known || known.restoredAt !== undefined || context.config.dryRun) return;
  const { folder, ...rest } = known;
  if (folder !== undefined) await removeEmptyParents(context, join(context.config.mount, folder));
  await saveRestoreRecord(store, { ...rest, restoredAt: new Date(context.invocation.now()).toISOString() });
}

/** @returns the reason why it cannot be used, or the progress of its verification */
async function verifyRestored(
  context: StoreContext,
  folder: string,
  artifact: Artifact,
  progress: Progress | undefined,
): Promise<'sound' | Progress | string> {
  try {
    const manifest = await readStampedManifest(context, folder, artifact);
    const { fingerprint, doneFiles, files } = await compareFolder(context, folder, artifact, {
      manifest,
      resume: progress,
    });
    return doneFiles < files ? { phase: 'verify', done: doneFiles, fingerprint, generation: 0 } : 'sound';
  } catch (error) {
    if (error instanceof RefusalError) return error.message;
    throw error;
  }
}

/**
 * Folders with this build that restores have created at the root of the file system, latest first. Folders of other
 * people's restores are skipped: they are older than this restore, or contain more than this build.
 */
async function findRestoredFolders(
  { config }: StoreContext,
  id: string,
  known: RestoreRecord | undefined,
): Promise<string[]> {
  if (!known) return [];
  const since = Date.parse(known.requestedAt);
  const names = (await readdir(config.mount)).filter((name) => (restoreTimeOf(name) ?? 0) >= since);
  const path = join(config.path, 'builds', id);
  const isOwn = await Promise.all(names.map((name) => hasOnly(join(config.mount, name), path)));
  const folders = names.filter((_, at) => isOwn[at]).sort();
  return folders.toReversed().map((name) => join(config.mount, name, path));
}

/** The time in a folder name of AWS Backup, such as `aws-backup-restore_2026-11-21T10-03-13-832Z`. */
function restoreTimeOf(name: string): number | undefined {
  const [, date, hours, minutes, seconds] =
    /^aws-backup-(?:failed-)?restore_(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)/.exec(name) ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`) + 999;
}

async function hasOnly(folder: string, path: string): Promise<boolean> {
  let parent = folder;
  for (const name of path.split('/').filter((part) => part !== '')) {
    const names = (await undefinedOnError(readdir(parent), 'ENOENT', 'ENOTDIR')) ?? [];
    if (names.length !== 1 || names[0] !== name) return false;
    parent = join(parent, name);
  }
  return true;
}

/** AWS Backup never removes its folders. Only empty ones are removed; others contain restores of other people. */
async function removeEmptyParents({ config }: StoreContext, folder: string): Promise<void> {
  for (let parent = dirname(folder); parent !== config.mount; parent = dirname(parent)) {
    if (!(await removeEmpty(parent))) return;
  }
}

/** Finds a build in the histories of all environments, including copies. @throws RefusalError if none contains it */
async function findInHistories(
  { config }: StoreContext,
  id: string,
): Promise<{ readonly artifact: Artifact; readonly presence: KnownPresence }> {
  const stores = [mainStore(config), ...copyStores(config)];
  const histories = await Promise.all(
    stores.map(async (store) => {
      const envs = [...(await listEnvironmentsWithHistory(store))];
      // The whole history: a build may have been live thousands of changes ago.
      return Promise.all(envs.map((env) => readEntries(store, env, Number.POSITIVE_INFINITY)));
    }),
  );
  const times: number[] = [];
  let artifact: Artifact | undefined;
  for (const change of histories.flat(2)) {
    if (change.to === id) artifact = change.artifact;
    if (change.to === id || change.from === id) times.push(Date.parse(change.at));
  }
  if (!artifact)
    throw new RefusalError(`${id} was never live in any environment, so there is no hash to verify it`);
  return { artifact, presence: { from: Math.min(...times), until: Math.max(...times) } };
}
