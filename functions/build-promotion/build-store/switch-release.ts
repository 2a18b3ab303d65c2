import { randomUUID } from 'node:crypto';
import { mainStore, type StoreContext, storeOf } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import { effectiveChanges, type HistoryEntry } from '../domain/history.ts';
import { RefusalError } from '../domain/refusal.ts';
import { isLinked, type Live, readLive } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import { exists, folders, type Store } from '../filesystem/layout.ts';
import { readBadReason } from '../filesystem/marks.ts';
import { discardFolder } from '../filesystem/trash.ts';
import { protectBuild } from '../filesystem/wanted.ts';
import type { Progress, SwitchReply, SwitchResult } from '../protocol/store-reply.ts';
import { chooseRollbackTarget } from './choose-rollback.ts';
import { commitChange, finishChange, prunedReason, supersededError } from './commit-change.ts';
import { copyBuild } from './copy-build.ts';
import type { SwitchRequest } from './event.ts';
import { type VerifyMode, type VerifyOptions, type VerifyResult, verifyBuild } from './verify-build.ts';

/** NFS clients cache a folder for at most this long. */
const VISIBLE_MS = 60_000;

type Unfinished = Extract<SwitchReply, { outcome: 'unfinished' }>;

/** State of an environment at the start of a request. */
interface EnvironmentState {
  readonly store: Store;
  readonly entries: readonly HistoryEntry[];
  readonly live: Live;
  /** Of the latest change. */
  readonly generation: number;
}

/**
 * Promotes or rolls back: verifies the build, copies it if requested, claims the environment's next generation and moves
 * its link. Requests with the same key are the same change.
 *
 * @throws RefusalError
 */
export async function switchRelease(context: StoreContext, request: SwitchRequest): Promise<SwitchReply> {
  const state = await readEnvironment(context, request);
  const ownChange = state.entries.find(({ action, key }) => key === request.key && action === request.action);
  if (ownChange) return repeatChange(context, state, ownChange, request);
  assertExpectedCurrent(request, state.live);
  assertUnchanged(request, state);
  const choice =
    request.action === 'promote'
      ? { artifact: request.artifact, skipped: [] }
      : await chooseRollbackTarget(
          { ...state, main: mainStore(context.config), dryRun: context.config.dryRun },
          request,
        );
  if ('pruned' in choice) {
    const progress = { phase: 'restore', done: 0, fingerprint: '', generation: state.generation } as const;
    return { outcome: 'pruned', buildId: choice.pruned, progress };
  }
  const { artifact } = choice;
  await protectUntilLive(context, state.store, artifact.buildId);
  const bad = await readBadReason(mainStore(context.config), artifact.buildId);
  if (bad !== undefined) throw new RefusalError(`${artifact.buildId} is marked bad: ${bad}`);
  const verified = await verifyAndCopy(context, request, state, artifact);
  if ('outcome' in verified) return verified;
  const switched = await switchEnvironment(context, request, state, { artifact, mode: verified.mode });
  return choice.skipped.length > 0 ? { ...switched, skipped: choice.skipped } : switched;
}

async function readEnvironment(
  { config }: StoreContext,
  { copyTo, env }: SwitchRequest,
): Promise<EnvironmentState> {
  const store = storeOf(config, copyTo);
  const entries = await readEntries(store, env);
  const live = await readLive(store, env);
  return { store, entries, live, generation: entries.at(-1)?.generation ?? 0 };
}

/** Protects the build in the store of the environment, and in the main store, from which a copy is made. */
async function protectUntilLive(
  { config, invocation }: StoreContext,
  store: Store,
  buildId: string,
): Promise<void> {
  if (config.dryRun) return;
  for (const root of new Set([mainStore(config).root, store.root]))
    await protectBuild({ root }, buildId, invocation.now());
}

function assertExpectedCurrent({ env, expectCurrent }: SwitchRequest, { from }: Live): void {
  const current = from ?? 'none';
  if (expectCurrent !== undefined && expectCurrent !== current)
    throw new RefusalError(`${env} is at ${current}, expected ${expectCurrent}`, 'RevisionOutOfSync');
}

/** After a wait, the request is valid only if the environment has not changed since it began. */
function assertUnchanged({ env, progress }: SwitchRequest, { entries, generation }: EnvironmentState): void {
  const latest = entries.at(-1);
  if (!progress || !latest || generation === progress.generation) return;
  throw new RefusalError(
    `another request changed ${env} in the meantime: generation ${generation} is ${latest.to}`,
    'RevisionOutOfSync',
  );
}

/** A repeated request: finishes its change if it was interrupted, and returns the same result. */
async function repeatChange(
  context: StoreContext,
  { entries, live, store }: EnvironmentState,
  ownChange: HistoryEntry,
  request: SwitchRequest,
): Promise<SwitchResult> {
  const wanted = request.action === 'promote' ? request.artifact.buildId : request.to;
  if (wanted !== undefined && wanted !== ownChange.to)
    throw new RefusalError(`key: ${ownChange.key} was already used for ${ownChange.to}, not for ${wanted}`);
  const next = entries[entries.indexOf(ownChange) + 1];
  if (next?.action === 'undo') throw new RefusalError(prunedReason(ownChange));
  if (next) {
    if (!effectiveChanges(entries, live.buildId).includes(ownChange)) throw supersededError(ownChange, next);
  } else if (!context.config.dryRun) {
    await protectUntilLive(context, store, ownChange.to);
    // Also if the link shows it already: somebody may have moved the build after that.
    await finishChange(store, ownChange, entries);
  } else if (live.buildId !== ownChange.to) {
    return toSwitchResult(context, ownChange, 'planned');
  }
  return toSwitchResult(context, ownChange, 'switched');
}

/** Verifies the build in the main store, and copies it if the environment is in another store. */
async function verifyAndCopy(
  context: StoreContext,
  request: SwitchRequest,
  { generation, live, store }: EnvironmentState,
  artifact: Artifact,
): Promise<{ readonly mode: VerifyMode } | Unfinished> {
  const { env, progress, verify } = request;
  const baseGeneration = progress?.generation ?? generation;
  const resume = progress?.phase === 'verify' ? progress : undefined;
  if (request.copyTo !== undefined && (await exists(folders.build(store, artifact.buildId)))) {
    const copied = await verifyExistingCopy(context, store, artifact, {
      env,
      verify,
      resume,
      allowHardLinks: true,
    });
    if (copied)
      return copied.isComplete ? { mode: copied.mode } : verifyingReply(artifact, copied, baseGeneration);
  }
  const source = mainStore(context.config);
  const mode = verifyMode(request);
  const verified = await verifyBuild(context, source, artifact, { env, verify: mode, resume });
  if (!verified.isComplete) return verifyingReply(artifact, verified, baseGeneration);
  if (request.copyTo === undefined || context.config.dryRun) return { mode: verified.mode };
  const { manifest } = verified;
  const key = request.key ?? artifact.buildId;
  const copyRequest = { source, target: store, artifact, manifest, live: live.buildId, key, progress };
  const copied = await copyBuild(context, copyRequest);
  if (copied !== 'whole') return copyingReply(artifact, { ...copied, generation: baseGeneration });
  return { mode: verified.mode };
}

/** An earlier invocation has verified the build in full, so a copy can continue after a quick check. */
function verifyMode({ progress, verify }: SwitchRequest): SwitchRequest['verify'] {
  return progress?.phase === 'copy' || progress?.phase === 'verify-copy' ? 'fingerprint' : verify;
}

/**
 * Verifies an existing copy. If it does not match its stamp it is discarded and copied again, unless an environment shows
 * it: then people must decide.
 *
 * @returns undefined if the copy was discarded
 */
async function verifyExistingCopy(
  context: StoreContext,
  store: Store,
  artifact: Artifact,
  options: VerifyOptions,
): Promise<VerifyResult | undefined> {
  try {
    return await verifyBuild(context, store, artifact, options);
  } catch (error) {
    const { buildId } = artifact;
    if (!(error instanceof RefusalError) || context.config.dryRun || (await isLinked(store, buildId)))
      throw error;
    context.invocation.logger.warn('copy discarded: it does not match its stamp', {
      buildId,
      folder: store.root,
      error,
    });
    await discardFolder(store, folders.build(store, buildId), context.invocation.now());
    return undefined;
  }
}

function verifyingReply(
  { buildId, files }: Artifact,
  { comparison }: Extract<VerifyResult, { isComplete: false }>,
  generation: number,
): Unfinished {
  const { fingerprint, doneFiles } = comparison;
  return {
    outcome: 'unfinished',
    progress: { phase: 'verify', done: doneFiles, fingerprint, generation },
    percent: Math.floor((90 * doneFiles) / Math.max(1, files)),
    summary: `${buildId}: ${doneFiles} of ${files} files verified`,
  };
}

function copyingReply({ buildId, files }: Artifact, progress: Progress): Unfinished {
  const { done, phase } = progress;
  const startPercent = phase === 'copy' ? 30 : 60;
  return {
    outcome: 'unfinished',
    progress,
    percent: startPercent + Math.floor((30 * done) / Math.max(1, files)),
    summary: `${buildId}: ${done} of ${files} files ${phase === 'copy' ? 'copied' : 'of the copy verified'}`,
  };
}

interface VerifiedBuild {
  readonly artifact: Artifact;
  readonly mode: VerifyMode;
}

async function switchEnvironment(
  context: StoreContext,
  request: SwitchRequest,
  state: EnvironmentState,
  { artifact, mode }: VerifiedBuild,
): Promise<SwitchResult> {
  const { action, env, key = randomUUID(), progress } = request;
  const { entries, store } = state;
  // Verification takes time, so the link is read again before the change.
  const live = await readLive(store, env);
  assertExpectedCurrent(request, live);
  const generation = (progress?.generation ?? state.generation) + 1;
  const at = new Date(context.invocation.now()).toISOString();
  const to = artifact.buildId;
  const change: HistoryEntry = {
    generation,
    env,
    action,
    from: live.from,
    to,
    key,
    at,
    verified: mode,
    artifact,
  };
  if (live.buildId === to) {
    const lastChange = entries.findLast((entry) => entry.to === to);
    return toSwitchResult(
      context,
      { ...(lastChange ?? { ...change, generation: 0 }), verified: mode },
      'unchanged',
    );
  }
  if (context.config.dryRun) return toSwitchResult(context, change, 'planned');
  return toSwitchResult(
    context,
    await commitChange(store, change, entries, context.invocation.signal),
    'switched',
  );
}

function toSwitchResult(
  { startedAt, invocation }: StoreContext,
  change: HistoryEntry,
  outcome: SwitchResult['outcome'],
): SwitchResult {
  const { artifact, at, env, from, generation, to, verified } = change;
  return {
    outcome,
    env,
    from,
    to,
    generation,
    files: artifact.files,
    bytes: artifact.bytes,
    verified,
    milliseconds: invocation.now() - startedAt,
    switchedAt: at,
    visibleBy: new Date(Date.parse(at) + VISIBLE_MS).toISOString(),
  };
}
