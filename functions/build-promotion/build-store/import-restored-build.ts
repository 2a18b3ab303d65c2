import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { copyStores, mainStore, type Work } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import type { Sighting } from '../domain/recovery-point.ts';
import { Refused } from '../domain/refusal.ts';
import { listHistories } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import { exists, folders, isThereNow, type Store, unless } from '../filesystem/layout.ts';
import { keepRestore, type Restore, readRestore, readRestores } from '../filesystem/restore-records.ts';
import { discard, removeEmpty, takeBack } from '../filesystem/trash.ts';
import type { Progress, RequestOf } from '../protocol/store-request.ts';
import { inspectFolder, readStamped } from './verify-build.ts';

// The store's half of a restore: what is asked of AWS Backup is written down before, and what comes of it is taken in.

/** What RestoreBuild needs to know. */
export type Begun =
  | { readonly outcome: 'present'; readonly buildId: string }
  | (Restore & {
      readonly outcome: 'restoring' | 'planned';
      readonly path: string;
      readonly sighting: Sighting;
    });

export type Ended =
  | { readonly outcome: 'restored' | 'not-there'; readonly buildId: string; readonly reason?: string }
  | { readonly outcome: 'more'; readonly progress: Progress };

export async function listRestores({ config }: Work): Promise<{ readonly buildIds: readonly string[] }> {
  const open = (await readRestores(mainStore(config))).filter(({ restoredAt }) => restoredAt === undefined);
  return { buildIds: open.map((one) => one.buildId) };
}

/** Writes down that a build is wanted back, once; a repeat is told how far it has come. @throws Refused */
export async function beginRestore(work: Work, { buildId: id }: RequestOf<'restore-begin'>): Promise<Begun> {
  const { config, invocation } = work;
  const store = mainStore(config);
  if ((await exists(folders.build(store, id))) || (!config.dryRun && (await takeBack(store, id)))) {
    await closeRestore(work, store, id);
    return { outcome: 'present', buildId: id };
  }
  const { sighting } = await findPast(work, id);
  const path = join('/', config.path, 'builds', id);
  const known = await readRestore(store, id);
  if (known && known.restoredAt === undefined) return { ...known, outcome: 'restoring', path, sighting };
  const requestedAt = new Date(invocation.now()).toISOString();
  const begun: Restore = { buildId: id, token: randomUUID(), requestedAt, tried: [] };
  if (config.dryRun) return { ...begun, outcome: 'planned', path, sighting };
  await keepRestore(store, begun);
  return { ...begun, outcome: 'restoring', path, sighting };
}

/** Notes the job, so that it is followed and not started again. */
export async function noteRestore(work: Work, request: RequestOf<'restore-started'>): Promise<object> {
  const store = mainStore(work.config);
  const known = await readRestore(store, request.buildId);
  const { jobId, recoveryPoint, token } = request;
  if (known?.token !== token)
    throw new Refused(`${request.buildId}: another restore has taken this one's place`);
  await keepRestore(store, { ...known, jobId, recoveryPoint });
  return { outcome: 'noted', buildId: request.buildId };
}

/** Nobody has it: nothing is followed any more. */
export async function giveUpRestore(
  work: Work,
  { buildId: id }: RequestOf<'restore-give-up'>,
): Promise<object> {
  const store = mainStore(work.config);
  if (!work.config.dryRun) await rm(join(folders.restores(store), id), { force: true });
  return { outcome: 'given-up', buildId: id };
}

/** Takes in what AWS Backup has put beside the store: verified by what history says of it, then moved into place. */
export async function endRestore(work: Work, request: RequestOf<'restore-end'>): Promise<Ended> {
  const { buildId: id, jobId, progress } = request;
  if (work.config.dryRun)
    throw new Refused(`${id}: dry run, what the job ${jobId} restored stays where it is`);
  const store = mainStore(work.config);
  const known = await readRestore(store, id);
  const isThere = await exists(folders.build(store, id));
  if (!isThere && known?.jobId !== jobId)
    throw new Refused(`${id}: no restore by the job ${jobId} is under way`);
  const { artifact } = await findPast(work, id);
  let reason = 'AWS Backup did not complete the job';
  for (const folder of await findRestored(work, id, known)) {
    const isOfUse = request.restored && !(await exists(folders.build(store, id)));
    const verdict = isOfUse ? await verifyRestored(work, folder, artifact, progress) : reason;
    if (typeof verdict === 'object') return { outcome: 'more', progress: verdict };
    if (verdict !== 'sound') reason = verdict;
    await takeAway(work, folder, verdict === 'sound' ? folders.build(store, id) : undefined);
  }
  return conclude(work, store, id, reason);
}

/** Out of AWS Backup's folder into its place, or into the trash. */
async function takeAway(work: Work, folder: string, place: string | undefined): Promise<void> {
  const { config, invocation } = work;
  const store = mainStore(config);
  // The empty parents tell nobody whose they were: a process that dies now leaves word of them.
  const noted = await readRestore(store, basename(folder));
  if (noted) await keepRestore(store, { ...noted, folder: relative(config.mount, folder) });
  invocation.signal.throwIfAborted();
  if (place !== undefined) await unless(rename(folder, place), 'ENOENT', 'ENOTEMPTY', 'EEXIST');
  await discard(store, folder, invocation.now());
  await clearParents(work, folder);
}

async function conclude(work: Work, store: Store, id: string, reason: string): Promise<Ended> {
  if (await isThereNow(store, id)) {
    await closeRestore(work, store, id);
    return { outcome: 'restored', buildId: id };
  }
  const known = await readRestore(store, id);
  if (known?.folder !== undefined) await clearParents(work, join(work.config.mount, known.folder));
  if (known?.recoveryPoint !== undefined) {
    const { folder: _, jobId: __, recoveryPoint, ...rest } = known;
    await keepRestore(store, { ...rest, tried: [...known.tried, recoveryPoint] });
  }
  return { outcome: 'not-there', buildId: id, reason };
}

/** The build is there: nothing is followed any more, and its age counts from now. */
async function closeRestore(work: Work, store: Store, id: string): Promise<void> {
  const known = await readRestore(store, id);
  if (!known || known.restoredAt !== undefined || work.config.dryRun) return;
  const { folder, ...rest } = known;
  if (folder !== undefined) await clearParents(work, join(work.config.mount, folder));
  await keepRestore(store, { ...rest, restoredAt: new Date(work.invocation.now()).toISOString() });
}

/** @returns why it cannot be used, or how far its verification has come */
async function verifyRestored(
  work: Work,
  folder: string,
  artifact: Artifact,
  progress: Progress | undefined,
): Promise<'sound' | Progress | string> {
  try {
    const manifest = await readStamped(work, folder, artifact);
    const { digest, done, files } = await inspectFolder(work, folder, artifact, {
      manifest,
      resume: progress,
    });
    return done < files ? { phase: 'verify', done, digest, generation: 0 } : 'sound';
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

/**
 * The build in every folder that restores of it have made at the root of the file system, the latest first. Other
 * people restore too: their folders are older, or hold more than this build.
 */
async function findRestored({ config }: Work, id: string, known: Restore | undefined): Promise<string[]> {
  if (!known) return [];
  const since = Date.parse(known.requestedAt);
  const names = (await readdir(config.mount)).filter((name) => (restoreTimeOf(name) ?? 0) >= since);
  const path = join(config.path, 'builds', id);
  const own = await Promise.all(names.map((name) => holdsNothingBut(join(config.mount, name), path)));
  const folders = names.filter((_, at) => own[at]).sort();
  return folders.toReversed().map((name) => join(config.mount, name, path));
}

/** When AWS Backup began to write `aws-backup-restore_2026-11-21T10-03-13-832Z`; it names the folder so. */
function restoreTimeOf(name: string): number | undefined {
  const [, date, hours, minutes, seconds] =
    /^aws-backup-(?:failed-)?restore_(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)/.exec(name) ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`) + 999;
}

async function holdsNothingBut(folder: string, path: string): Promise<boolean> {
  let parent = folder;
  for (const name of path.split('/').filter((part) => part !== '')) {
    const names = (await unless(readdir(parent), 'ENOENT', 'ENOTDIR')) ?? [];
    if (names.length !== 1 || names[0] !== name) return false;
    parent = join(parent, name);
  }
  return true;
}

/** AWS Backup leaves its folders for ever. Only what is empty goes: the rest was restored by somebody else. */
async function clearParents({ config }: Work, folder: string): Promise<void> {
  for (let parent = dirname(folder); parent !== config.mount; parent = dirname(parent)) {
    if (!(await removeEmpty(parent))) return;
  }
}

/** What the environments' histories know of a build, those of copies too. @throws Refused when none does */
async function findPast(
  { config }: Work,
  id: string,
): Promise<{ readonly artifact: Artifact; readonly sighting: Sighting }> {
  const stores = [mainStore(config), ...copyStores(config)];
  const histories = await Promise.all(
    stores.map(async (store) => {
      const envs = [...(await listHistories(store))];
      // All of it: a build may have been live thousands of changes ago.
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
    throw new Refused(`${id} was never live in any environment: there is no digest to verify it by`);
  return { artifact, sighting: { from: Math.min(...times), until: Math.max(...times) } };
}
