import * as z from 'zod/mini';
import { forEachIsolated } from '#shared/concurrency.ts';
import { GroundcrewError, hasName, isRecord } from '#shared/errors.ts';
import { scheduledEvent } from '#shared/events/schedule.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { parseAs } from '#shared/parse.ts';
import { describeRestore, listRecoveryPoints, startRestore } from '../aws/backup.ts';
import { ask } from '../aws/lambda.ts';
import type { RestoreConfig } from '../config.ts';
import { buildId } from '../domain/names.ts';
import { chooseRecoveryPoint } from '../domain/recovery-point.ts';
import {
  type BeginAnswer,
  type EndAnswer,
  readBeginReply,
  readEndReply,
  readOpenReply,
} from '../protocol/restore-reply.ts';
import type { Restoration } from '../protocol/store-reply.ts';

const request = z.strictObject({ buildId });
/** Undefined to follow what is open. */
export type RestoreRequest = z.output<typeof request> | undefined;

/** @throws BadInput */
export function readRestoreRequest(event: unknown): RestoreRequest {
  if (isRecord(event) && 'detail-type' in event) {
    parseAs(scheduledEvent, event, 'event');
    return undefined;
  }
  return parseAs(request, event, 'request');
}

/** In place of a job's id: the store counts the recovery point as tried all the same. */
const NEVER_STARTED = 'none';

interface Run {
  readonly config: RestoreConfig;
  readonly invocation: Invocation;
}

/** Takes a step of one restore, or of each that is open. Any step can be repeated. */
export async function restoreBuilds(
  asked: RestoreRequest,
  config: RestoreConfig,
  invocation: Invocation,
): Promise<Restoration | readonly Restoration[]> {
  const run = { config, invocation };
  if (asked) return restoreBuild(asked.buildId, run);
  const open = readOpenReply(await ask(config.store, { action: 'restores' }, invocation.signal));
  const restorations: Restoration[] = [];
  const failures: unknown[] = [];
  await forEachIsolated(
    open,
    1,
    async (id) => {
      restorations.push(await restoreBuild(id, run));
    },
    (buildId, error) => {
      invocation.logger.error('a restore could not be followed', { buildId, error });
      failures.push(error);
    },
  );
  if (failures.length > 0)
    throw new GroundcrewError('a restore could not be followed', { cause: failures[0] });
  return restorations;
}

async function restoreBuild(id: string, run: Run): Promise<Restoration> {
  const { config, invocation } = run;
  const begun = readBeginReply(
    await ask(config.store, { action: 'restore-begin', buildId: id }, invocation.signal),
  );
  const restoration = await goOn(id, begun, run);
  const { percent, reason, status } = restoration;
  invocation.logger.info(`restore: ${status}`, { buildId: id, percent, reason });
  if (status === 'restored' && begun.outcome !== 'present') addCount(invocation.metrics, 'Restored');
  if (status === 'failed') addCount(invocation.metrics, 'RestoreFailed');
  return restoration;
}

async function goOn(id: string, begun: BeginAnswer, run: Run): Promise<Restoration> {
  if (begun.outcome === 'refused') return { status: 'failed', buildId: id, percent: 0, reason: begun.reason };
  if (begun.outcome === 'present') return { status: 'restored', buildId: id, percent: 100 };
  if (run.config.dryRun && begun.jobId !== undefined)
    return {
      status: 'planned',
      buildId: id,
      percent: 0,
      reason: `dry run: the job ${begun.jobId} is left alone`,
    };
  const jobId = begun.jobId ?? (await start(id, begun, run));
  return typeof jobId === 'string' ? follow(id, jobId, run) : jobId;
}

type Open = Extract<BeginAnswer, { outcome: 'restoring' | 'planned' }>;

/** @returns the job's id, or how it stands when there is none */
async function start(id: string, begun: Open, { config, invocation }: Run): Promise<string | Restoration> {
  const { fileSystemArn, roleArn, store } = config;
  const points = await listRecoveryPoints(fileSystemArn, invocation.signal);
  const point = chooseRecoveryPoint(points, begun.sighting, begun.tried);
  if (!point) {
    await ask(store, { action: 'restore-give-up', buildId: id }, invocation.signal);
    const reason = `none of ${points.length} recovery points holds it`;
    return { status: 'failed', buildId: id, percent: 0, reason };
  }
  if (config.dryRun)
    return { status: 'planned', buildId: id, percent: 0, reason: `dry run: from ${point.arn}` };
  const token = `${begun.token}-${begun.tried.length}`;
  const wish = { recoveryPoint: point.arn, fileSystemArn, roleArn, path: begun.path, token };
  const jobId = await startRestore(wish, invocation.signal).catch((error: unknown) => {
    if (!isGone(error)) throw error;
    invocation.logger.warn('a recovery point is gone', { buildId: id, recoveryPoint: point.arn, error });
    return NEVER_STARTED;
  });
  const note = {
    action: 'restore-started',
    buildId: id,
    token: begun.token,
    jobId,
    recoveryPoint: point.arn,
  };
  await ask(store, note, invocation.signal);
  return jobId;
}

async function follow(id: string, jobId: string, run: Run): Promise<Restoration> {
  const { percent, status } = await look(id, jobId, run);
  if (!['COMPLETED', 'FAILED', 'ABORTED'].includes(status))
    return { status: 'running', buildId: id, percent };
  const ended = await end(id, jobId, status === 'COMPLETED', run);
  if (ended.outcome === 'restored') return { status: 'restored', buildId: id, percent: 100 };
  // The next step takes another recovery point, or finds that there is none.
  const reason = ended.outcome === 'more' ? 'being verified' : ended.reason;
  return { status: 'running', buildId: id, percent: 0, ...(reason !== undefined && { reason }) };
}

/** A job that AWS Backup does not know has ended without what was wanted. */
async function look(
  id: string,
  jobId: string,
  { invocation }: Run,
): Promise<{ readonly status: string; readonly percent: number }> {
  if (jobId === NEVER_STARTED) return { status: 'FAILED', percent: 0 };
  try {
    return await describeRestore(jobId, invocation.signal);
  } catch (error) {
    if (!isGone(error)) throw error;
    invocation.logger.warn('a restore job is gone', { buildId: id, jobId, error });
    return { status: 'FAILED', percent: 0 };
  }
}

function isGone(error: unknown): boolean {
  return hasName(error, 'ResourceNotFoundException', 'InvalidResourceStateException');
}

/** Verifying may take the store several calls. */
async function end(
  id: string,
  jobId: string,
  restored: boolean,
  { config, invocation }: Run,
): Promise<EndAnswer> {
  const request = { action: 'restore-end', buildId: id, jobId, restored };
  let reply = readEndReply(await ask(config.store, request, invocation.signal));
  while (reply.outcome === 'more' && invocation.remainingMs() > 60_000) {
    const { progress } = reply;
    reply = readEndReply(await ask(config.store, { ...request, progress }, invocation.signal));
  }
  return reply;
}
