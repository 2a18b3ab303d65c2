import { InvalidInputError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { StoreConfig } from '../config.ts';
import { createStoreContext, mainStore, type StoreContext, storeOf } from '../context.ts';
import { RefusalError } from '../domain/refusal.ts';
import { readLive } from '../filesystem/environment-links.ts';
import { readEntries } from '../filesystem/history-files.ts';
import { removeMark, setMark } from '../filesystem/marks.ts';
import type { StoreRequest, StoreRequestOf } from './event.ts';
import {
  abandonRestore,
  finishRestore,
  listOpenRestores,
  openRestore,
  saveRestoreJob,
} from './import-restored-build.ts';
import { reportChangedRelease } from './report-changed-release.ts';
import { switchRelease } from './switch-release.ts';
import { verifyBuild } from './verify-build.ts';

/** Handles one request. A refusal is a normal reply; an exception means that the request can be repeated. */
export async function handleStoreRequest(
  request: StoreRequest,
  config: StoreConfig,
  invocation: Invocation,
): Promise<object> {
  const context = createStoreContext(config, invocation);
  try {
    const reply = await runAction(context, request);
    invocation.logger.info('request completed', { action: request.action, ...reply });
    return reply;
  } catch (error) {
    // At this point an invalid input can only be the build's manifest.
    if (!(error instanceof RefusalError || error instanceof InvalidInputError)) throw error;
    const reason = error.message;
    const failure = error instanceof RefusalError ? error.failure : 'JobFailed';
    invocation.logger.warn('request refused', { action: request.action, failure, reason });
    addCount(invocation.metrics, 'Refused');
    return { outcome: 'refused', failure, reason };
  }
}

function runAction(context: StoreContext, request: StoreRequest): Promise<object> {
  switch (request.action) {
    case 'promote':
    case 'rollback':
      return switchAndCount(context, request);
    case 'history':
      return readHistory(context, request);
    case 'verify':
      return verifyLive(context, request);
    case 'mark-bad':
    case 'mark-good':
    case 'pin':
    case 'unpin':
      return updateMark(context, request);
    case 'list-restores':
      return listOpenRestores(context);
    case 'open-restore':
      return openRestore(context, request);
    case 'save-restore-job':
      return saveRestoreJob(context, request);
    case 'finish-restore':
      return finishRestore(context, request);
    case 'abandon-restore':
      return abandonRestore(context, request);
  }
}

async function switchAndCount(
  context: StoreContext,
  request: StoreRequestOf<'promote' | 'rollback'>,
): Promise<object> {
  const reply = await switchRelease(context, request);
  if (reply.outcome === 'switched')
    addCount(context.invocation.metrics, request.action === 'promote' ? 'Promoted' : 'RolledBack');
  return reply;
}

async function readHistory(
  { config }: StoreContext,
  { copyTo, env }: StoreRequestOf<'history'>,
): Promise<object> {
  const store = storeOf(config, copyTo);
  const entries = await readEntries(store, env);
  const { from: live } = await readLive(store, env);
  const history = entries
    .slice(-20)
    .map(({ action, at, from, generation, to }) => ({ generation, action, from, to, at }));
  return { env, live, history };
}

/** Checks that the live build still matches its stamp. */
async function verifyLive(context: StoreContext, { copyTo, env }: StoreRequestOf<'verify'>): Promise<object> {
  const store = storeOf(context.config, copyTo);
  const { buildId, from } = await readLive(store, env);
  const lastChange = (await readEntries(store, env)).findLast(({ to }) => to === buildId);
  if (!lastChange) throw new RefusalError(`${env} shows ${from ?? 'none'}, which is not in its history`);
  const allowHardLinks = copyTo !== undefined;
  const rules = { env, verify: 'full', allowHardLinks } as const;
  const { isComplete } = await verifyBuild(context, store, lastChange.artifact, rules).catch(
    (error: unknown) => {
      if (error instanceof RefusalError) reportChangedRelease(context.invocation, lastChange.to, error);
      throw error;
    },
  );
  if (!isComplete) throw new RefusalError(`${lastChange.to} is too large to verify in one call`);
  return {
    outcome: 'verified',
    env,
    buildId: lastChange.to,
    files: lastChange.artifact.files,
    bytes: lastChange.artifact.bytes,
  };
}

async function updateMark(
  context: StoreContext,
  request: StoreRequestOf<'mark-bad' | 'mark-good' | 'pin' | 'unpin'>,
): Promise<object> {
  const { action, buildId, reason = 'no reason given' } = request;
  const store = mainStore(context.config);
  if (context.config.dryRun) return { outcome: 'planned', action, buildId };
  const content = { reason, at: new Date(context.invocation.now()).toISOString() };
  if (action === 'mark-bad') await setMark(store, 'bad', buildId, content);
  if (action === 'pin') await setMark(store, 'pinned', buildId, content);
  if (action === 'mark-good') await removeMark(store, 'bad', buildId);
  if (action === 'unpin') await removeMark(store, 'pinned', buildId);
  return { outcome: 'marked', action, buildId };
}
