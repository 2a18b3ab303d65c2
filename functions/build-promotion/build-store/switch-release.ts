import { randomUUID } from 'node:crypto';
import { mainStore, storeOf, type Work } from '../context.ts';
import type { Artifact } from '../domain/artifact.ts';
import { type Entry, effective } from '../domain/history.ts';
import { Refused } from '../domain/refusal.ts';
import { isLinked, type Live, readLive } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import { exists, folders, type Store } from '../filesystem/layout.ts';
import { readBad } from '../filesystem/marks.ts';
import { discard } from '../filesystem/trash.ts';
import type { More, Progress, Switched, SwitchReply, SwitchRequest } from '../protocol/store-request.ts';
import { chooseRelease } from './choose-rollback.ts';
import { finishChange, makeChange, overtaken, prunedMeanwhile } from './commit-change.ts';
import { copyRelease } from './copy-build.ts';
import { type Checked, type CheckOptions, checkBuild, type Mode } from './verify-build.ts';

/** NFS believes what it knows of a folder for at most so long. */
const VISIBLE_MS = 60_000;

/** What an environment's own store says of it when a request begins. */
export interface Scene {
  readonly store: Store;
  readonly entries: readonly Entry[];
  readonly live: Live;
  /** Of the latest change. */
  readonly generation: number;
}

/**
 * Promotes or rolls back: verifies the build, copies it where that is asked for, takes the environment's next number
 * and moves its link. The same key asks for the same change, however often it comes.
 *
 * @throws Refused
 */
export async function switchRelease(work: Work, request: SwitchRequest): Promise<SwitchReply> {
  const scene = await look(work, request);
  const own = scene.entries.find(({ action, key }) => key === request.key && action === request.action);
  if (own) return repeat(work, scene, own, request);
  demandExpected(request, scene.live);
  demandUnchanged(request, scene);
  const choice =
    request.action === 'promote'
      ? { artifact: request.artifact, skipped: [] }
      : await chooseRelease({ ...scene, main: mainStore(work.config), dryRun: work.config.dryRun }, request);
  if ('pruned' in choice) {
    const progress = { phase: 'restore', done: 0, digest: '', generation: scene.generation } as const;
    return { outcome: 'pruned', buildId: choice.pruned, progress };
  }
  const { artifact } = choice;
  const bad = await readBad(mainStore(work.config), artifact.buildId);
  if (bad !== undefined) throw new Refused(`${artifact.buildId} is marked bad: ${bad}`);
  const checked = await bringAndCheck(work, request, scene, artifact);
  if ('outcome' in checked) return checked;
  const switched = await move(work, request, scene, { artifact, mode: checked.mode });
  return choice.skipped.length > 0 ? { ...switched, skipped: choice.skipped } : switched;
}

async function look({ config }: Work, { copyTo, env }: SwitchRequest): Promise<Scene> {
  const store = storeOf(config, copyTo);
  const entries = await readEntries(store, env);
  const live = await readLive(store, env);
  return { store, entries, live, generation: entries.at(-1)?.generation ?? 0 };
}

function demandExpected({ env, expectCurrent }: SwitchRequest, { from }: Live): void {
  const current = from ?? 'none';
  if (expectCurrent !== undefined && expectCurrent !== current)
    throw new Refused(`${env} is at ${current}, expected ${expectCurrent}`, 'RevisionOutOfSync');
}

/** What waited for a restore, or for another invocation, was wanted when the environment was as it was then. */
function demandUnchanged({ env, progress }: SwitchRequest, { entries, generation }: Scene): void {
  const latest = entries.at(-1);
  if (!progress || !latest || generation === progress.generation) return;
  throw new Refused(
    `${env} was changed by somebody else meanwhile: generation ${generation} is ${latest.to}`,
    'RevisionOutOfSync',
  );
}

/** The same request once more: its change is finished if it was cut short, and told again. */
async function repeat(
  work: Work,
  { entries, live, store }: Scene,
  own: Entry,
  request: SwitchRequest,
): Promise<Switched> {
  const wanted = request.action === 'promote' ? request.artifact.buildId : request.to;
  if (wanted !== undefined && wanted !== own.to)
    throw new Refused(`key: ${own.key} was used for ${own.to} already, not for ${wanted}`);
  const next = entries[entries.indexOf(own) + 1];
  if (next?.action === 'undo') throw new Refused(prunedMeanwhile(own));
  if (next) {
    if (!effective(entries, live.buildId).includes(own)) throw overtaken(own, next);
  } else if (!work.config.dryRun) {
    // Also when its link shows it: the build may have been pruned since.
    await finishChange(store, own, entries);
  } else if (live.buildId !== own.to) {
    return tell(work, own, 'planned');
  }
  return tell(work, own, 'switched');
}

/** Verifies the build where it is, and brings it to the store where its link is to be. */
async function bringAndCheck(
  work: Work,
  request: SwitchRequest,
  { generation, live, store }: Scene,
  artifact: Artifact,
): Promise<{ readonly mode: Mode } | More> {
  const { env, progress, verify } = request;
  const since = progress?.generation ?? generation;
  const resume = progress?.phase === 'verify' ? progress : undefined;
  if (request.copyTo !== undefined && (await exists(folders.build(store, artifact.buildId)))) {
    const copied = await checkCopy(work, store, artifact, { env, verify, resume, allowNames: true });
    if (copied) return copied.isWhole ? { mode: copied.mode } : moreToRead(artifact, copied, since);
  }
  const source = mainStore(work.config);
  const mode = modeOf(request);
  const checked = await checkBuild(work, source, artifact, { env, verify: mode, resume });
  if (!checked.isWhole) return moreToRead(artifact, checked, since);
  if (request.copyTo === undefined || work.config.dryRun) return { mode: checked.mode };
  const { manifest } = checked;
  const key = request.key ?? artifact.buildId;
  const wish = { source, target: store, artifact, manifest, live: live.buildId, key, progress };
  const copied = await copyRelease(work, wish);
  if (copied !== 'whole') return moreToCopy(artifact, { ...copied, generation: since });
  return { mode: checked.mode };
}

/** What an earlier invocation has read of a build need not be read again to go on copying. */
function modeOf({ progress, verify }: SwitchRequest): SwitchRequest['verify'] {
  return progress?.phase === 'copy' || progress?.phase === 'verify-copy' ? 'fingerprint' : verify;
}

/**
 * A copy that was brought before counts if it is still as stamped. One that is not goes, and is copied anew, unless an
 * environment shows it: that is for people to see.
 *
 * @returns undefined when there is none any more
 */
async function checkCopy(
  work: Work,
  store: Store,
  artifact: Artifact,
  options: CheckOptions,
): Promise<Checked | undefined> {
  try {
    return await checkBuild(work, store, artifact, options);
  } catch (error) {
    const { buildId } = artifact;
    if (!(error instanceof Refused) || work.config.dryRun || (await isLinked(store, buildId))) throw error;
    work.invocation.logger.warn('a copy is not as stamped', { buildId, folder: store.root, error });
    await discard(store, folders.build(store, buildId), work.invocation.now());
    return undefined;
  }
}

function moreToRead(
  { buildId, files }: Artifact,
  { inspection }: Extract<Checked, { isWhole: false }>,
  generation: number,
): More {
  const { digest, done } = inspection;
  return {
    outcome: 'more',
    progress: { phase: 'verify', done, digest, generation },
    percent: Math.floor((90 * done) / Math.max(1, files)),
    summary: `${buildId}: ${done} of ${files} files verified`,
  };
}

function moreToCopy({ buildId, files }: Artifact, progress: Progress): More {
  const { done, phase } = progress;
  const begun = phase === 'copy' ? 30 : 60;
  return {
    outcome: 'more',
    progress,
    percent: begun + Math.floor((30 * done) / Math.max(1, files)),
    summary: `${buildId}: ${done} of ${files} files ${phase === 'copy' ? 'copied' : 'of the copy verified'}`,
  };
}

interface Sound {
  readonly artifact: Artifact;
  readonly mode: Mode;
}

async function move(
  work: Work,
  request: SwitchRequest,
  scene: Scene,
  { artifact, mode }: Sound,
): Promise<Switched> {
  const { action, env, key = randomUUID(), progress } = request;
  const { entries, store } = scene;
  // Verifying takes its time: what the link says is read again where it counts.
  const live = await readLive(store, env);
  demandExpected(request, live);
  const generation = (progress?.generation ?? scene.generation) + 1;
  const at = new Date(work.invocation.now()).toISOString();
  const to = artifact.buildId;
  const wish: Entry = { generation, env, action, from: live.from, to, key, at, verified: mode, artifact };
  if (live.buildId === to) {
    const made = entries.findLast((entry) => entry.to === to);
    return tell(work, { ...(made ?? { ...wish, generation: 0 }), verified: mode }, 'unchanged');
  }
  if (work.config.dryRun) return tell(work, wish, 'planned');
  return tell(work, await makeChange(store, wish, entries, work.invocation.signal), 'switched');
}

function tell({ begun, invocation }: Work, change: Entry, outcome: Switched['outcome']): Switched {
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
    milliseconds: invocation.now() - begun,
    switchedAt: at,
    visibleBy: new Date(Date.parse(at) + VISIBLE_MS).toISOString(),
  };
}
