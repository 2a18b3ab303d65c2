import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { StoreConfig } from '../config.ts';
import { beginWork, mainStore, storeOf, type Work } from '../context.ts';
import { Refused } from '../domain/refusal.ts';
import { readLive } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import { setMark, takeMark } from '../filesystem/marks.ts';
import type { Request, RequestOf } from '../protocol/store-request.ts';
import {
  beginRestore,
  endRestore,
  giveUpRestore,
  listRestores,
  noteRestore,
} from './import-restored-build.ts';
import { switchRelease } from './switch-release.ts';
import { checkBuild } from './verify-build.ts';

/** Answers one request. What the store refuses is an answer too; what it throws is worth a repeat. */
export async function serve(request: Request, config: StoreConfig, invocation: Invocation): Promise<object> {
  const work = beginWork(config, invocation);
  try {
    const reply = await perform(work, request);
    invocation.logger.info(`${request.action}: ${'outcome' in reply ? reply.outcome : 'done'}`, { ...reply });
    return reply;
  } catch (error) {
    // What is malformed here is the build's manifest.
    if (!(error instanceof Refused || error instanceof InvalidInputError)) throw error;
    const reason = error.message;
    const failure = error instanceof Refused ? error.failure : 'JobFailed';
    invocation.logger.warn(`${request.action}: refused`, { failure, reason });
    addCount(invocation.metrics, 'Refused');
    return { outcome: 'refused', failure, reason };
  }
}

function perform(work: Work, request: Request): Promise<object> {
  switch (request.action) {
    case 'promote':
    case 'rollback':
      return switchAndCount(work, request);
    case 'history':
      return tellHistory(work, request);
    case 'verify':
      return verifyLive(work, request);
    case 'mark-bad':
    case 'mark-good':
    case 'pin':
    case 'unpin':
      return mark(work, request);
    case 'restores':
      return listRestores(work);
    case 'restore-begin':
      return beginRestore(work, request);
    case 'restore-started':
      return noteRestore(work, request);
    case 'restore-end':
      return endRestore(work, request);
    case 'restore-give-up':
      return giveUpRestore(work, request);
  }
}

async function switchAndCount(work: Work, request: RequestOf<'promote' | 'rollback'>): Promise<object> {
  const reply = await switchRelease(work, request);
  if (reply.outcome === 'switched')
    addCount(work.invocation.metrics, request.action === 'promote' ? 'Promoted' : 'RolledBack');
  return reply;
}

async function tellHistory({ config }: Work, { copyTo, env }: RequestOf<'history'>): Promise<object> {
  const store = storeOf(config, copyTo);
  const entries = await readEntries(store, env);
  const { from: live } = await readLive(store, env);
  const told = entries
    .slice(-20)
    .map(({ action, at, from, generation, to }) => ({ generation, action, from, to, at }));
  return { env, live, history: told };
}

/** Whether what is live is still what was stamped. */
async function verifyLive(work: Work, { copyTo, env }: RequestOf<'verify'>): Promise<object> {
  const store = storeOf(work.config, copyTo);
  const { buildId, from } = await readLive(store, env);
  const made = (await readEntries(store, env)).findLast(({ to }) => to === buildId);
  if (!made) throw new Refused(`${env} is at ${from ?? 'none'}, which is in none of its history`);
  const allowNames = copyTo !== undefined;
  const { isWhole } = await checkBuild(work, store, made.artifact, { env, verify: 'full', allowNames });
  if (!isWhole) throw new Refused(`${made.to} is too large to be verified in one call`);
  return {
    outcome: 'verified',
    env,
    buildId: made.to,
    files: made.artifact.files,
    bytes: made.artifact.bytes,
  };
}

async function mark(
  work: Work,
  request: RequestOf<'mark-bad' | 'mark-good' | 'pin' | 'unpin'>,
): Promise<object> {
  const { action, buildId, reason = 'no reason given' } = request;
  const store = mainStore(work.config);
  if (work.config.dryRun) return { outcome: 'planned', action, buildId };
  const content = { reason, at: new Date(work.invocation.now()).toISOString() };
  if (action === 'mark-bad') await setMark(store, 'bad', buildId, content);
  if (action === 'pin') await setMark(store, 'pinned', buildId, content);
  if (action === 'mark-good') await takeMark(store, 'bad', buildId);
  if (action === 'unpin') await takeMark(store, 'pinned', buildId);
  return { outcome: 'marked', action, buildId };
}
