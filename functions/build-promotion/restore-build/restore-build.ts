import { forEachIsolated } from '#shared/concurrency.ts';
import { GroundcrewError, hasName } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { describeRestoreJob, listRecoveryPoints, startRestoreJob } from '../aws/backup.ts';
import { invokeFunction } from '../aws/lambda.ts';
import type { RestoreConfig } from '../config.ts';
import { chooseRecoveryPoint } from '../domain/recovery-point.ts';
import {
  type FinishRestoreReply,
  type OpenRestoreReply,
  parseFinishRestoreReply,
  parseOpenRestoreReply,
  parseOpenRestoresReply,
} from '../protocol/restore-reply.ts';
import type { RestoreStatus } from '../protocol/store-reply.ts';
import type { RestoreRequest } from './event.ts';

/** Saved instead of a job id, so that the recovery point counts as tried. */
const NO_JOB = 'none';

interface RestoreContext {
  readonly config: RestoreConfig;
  readonly invocation: Invocation;
}

/** Continues one restore, or every open one. Each step can be repeated. */
export async function restoreBuilds(
  request: RestoreRequest,
  config: RestoreConfig,
  invocation: Invocation,
): Promise<RestoreStatus | readonly RestoreStatus[]> {
  const context = { config, invocation };
  if (request) return restoreBuild(request.buildId, context);
  const open = parseOpenRestoresReply(
    await invokeFunction(config.store, { action: 'list-restores' }, invocation.signal),
  );
  const statuses: RestoreStatus[] = [];
  const failures: unknown[] = [];
  await forEachIsolated(
    open,
    1,
    async (id) => {
      statuses.push(await restoreBuild(id, context));
    },
    (buildId, error) => {
      invocation.logger.error('restore step failed, will be retried', { buildId, error });
      failures.push(error);
    },
  );
  if (failures.length > 0)
    throw new GroundcrewError('at least one restore step failed', { cause: failures[0] });
  return statuses;
}

async function restoreBuild(id: string, context: RestoreContext): Promise<RestoreStatus> {
  const { config, invocation } = context;
  const opened = parseOpenRestoreReply(
    await invokeFunction(config.store, { action: 'open-restore', buildId: id }, invocation.signal),
  );
  const restoreStatus = await continueRestore(id, opened, context);
  const { percent, reason, status } = restoreStatus;
  invocation.logger.info('restore step completed', { buildId: id, status, percent, reason });
  if (status === 'restored' && opened.outcome !== 'present') addCount(invocation.metrics, 'Restored');
  if (status === 'failed') addCount(invocation.metrics, 'RestoreFailed');
  return restoreStatus;
}

async function continueRestore(
  id: string,
  opened: OpenRestoreReply,
  context: RestoreContext,
): Promise<RestoreStatus> {
  if (opened.outcome === 'refused')
    return { status: 'failed', buildId: id, percent: 0, reason: opened.reason };
  if (opened.outcome === 'present') return { status: 'restored', buildId: id, percent: 100 };
  if (context.config.dryRun && opened.jobId !== undefined)
    return {
      status: 'planned',
      buildId: id,
      percent: 0,
      reason: `dry run: job ${opened.jobId} is not followed`,
    };
  const jobId = opened.jobId ?? (await startJob(id, opened, context));
  return typeof jobId === 'string' ? followJob(id, jobId, context) : jobId;
}

type OpenedRestore = Extract<OpenRestoreReply, { outcome: 'restoring' | 'planned' }>;

/** @returns the job id, or the status if no job was started */
async function startJob(
  id: string,
  opened: OpenedRestore,
  { config, invocation }: RestoreContext,
): Promise<string | RestoreStatus> {
  const { fileSystemArn, roleArn, store } = config;
  const points = await listRecoveryPoints(fileSystemArn, invocation.signal);
  const point = chooseRecoveryPoint(points, opened.presence, opened.tried);
  if (!point) {
    await invokeFunction(store, { action: 'abandon-restore', buildId: id }, invocation.signal);
    const reason = `none of ${points.length} recovery points contains it`;
    return { status: 'failed', buildId: id, percent: 0, reason };
  }
  if (config.dryRun)
    return { status: 'planned', buildId: id, percent: 0, reason: `dry run: from ${point.arn}` };
  const token = `${opened.token}-${opened.tried.length}`;
  const jobRequest = { recoveryPoint: point.arn, fileSystemArn, roleArn, path: opened.path, token };
  const jobId = await startRestoreJob(jobRequest, invocation.signal).catch((error: unknown) => {
    if (!isGone(error)) throw error;
    invocation.logger.warn('recovery point no longer exists', {
      buildId: id,
      recoveryPoint: point.arn,
      error,
    });
    return NO_JOB;
  });
  const note = {
    action: 'save-restore-job',
    buildId: id,
    token: opened.token,
    jobId,
    recoveryPoint: point.arn,
  };
  await invokeFunction(store, note, invocation.signal);
  return jobId;
}

async function followJob(id: string, jobId: string, context: RestoreContext): Promise<RestoreStatus> {
  const { percent, status } = await describeJob(id, jobId, context);
  if (!['COMPLETED', 'FAILED', 'ABORTED'].includes(status))
    return { status: 'running', buildId: id, percent };
  const finished = await finishJob(id, jobId, status === 'COMPLETED', context);
  if (finished.outcome === 'restored') return { status: 'restored', buildId: id, percent: 100 };
  // The next step tries another recovery point, or finds none.
  const reason = finished.outcome === 'unfinished' ? 'being verified' : finished.reason;
  return { status: 'running', buildId: id, percent: 0, ...(reason !== undefined && { reason }) };
}

/** A job that AWS Backup no longer knows counts as failed. */
async function describeJob(
  id: string,
  jobId: string,
  { invocation }: RestoreContext,
): Promise<{ readonly status: string; readonly percent: number }> {
  if (jobId === NO_JOB) return { status: 'FAILED', percent: 0 };
  try {
    return await describeRestoreJob(jobId, invocation.signal);
  } catch (error) {
    if (!isGone(error)) throw error;
    invocation.logger.warn('restore job no longer exists', { buildId: id, jobId, error });
    return { status: 'FAILED', percent: 0 };
  }
}

function isGone(error: unknown): boolean {
  return hasName(error, 'ResourceNotFoundException', 'InvalidResourceStateException');
}

/** Verification may take several calls. */
async function finishJob(
  id: string,
  jobId: string,
  restored: boolean,
  { config, invocation }: RestoreContext,
): Promise<FinishRestoreReply> {
  const request = { action: 'finish-restore', buildId: id, jobId, restored };
  let reply = parseFinishRestoreReply(await invokeFunction(config.store, request, invocation.signal));
  while (reply.outcome === 'unfinished' && invocation.remainingMs() > 60_000) {
    const { progress } = reply;
    reply = parseFinishRestoreReply(
      await invokeFunction(config.store, { ...request, progress }, invocation.signal),
    );
  }
  return reply;
}
