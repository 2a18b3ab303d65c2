import { updateRecord } from '#shared/aws/update-record.ts';
import { sendNotification } from '#shared/chat.ts';
import { RetryableError } from '#shared/errors.ts';
import { addCount } from '#shared/metrics.ts';
import { readBuildRecords } from '../aws/approvals-table.ts';
import { getImage } from '../aws/imagebuilder.ts';
import type { RequestContext } from '../context.ts';
import { keyOf, keyOfRecord } from '../domain/approval-record.ts';
import { outOfScopeReason } from '../domain/approval-scope.ts';
import type { BuildFailure } from '../domain/build-failure.ts';
import { buildFailedMail } from '../messages/build-failed-mail.ts';
import type { TriggerEvent } from './event.ts';

/** Mails on-call about a failed build, once for all events and messages about it. */
export async function reportBuildFailure(
  context: RequestContext,
  failed: TriggerEvent & { kind: 'build failed' },
): Promise<string> {
  const { config, invocation, table } = context;
  const { imageArn } = failed;
  const key = { ...keyOf(imageArn), part: 'failure' };
  const { failure } = await readBuildRecords(table, key.image);
  if (failure?.mailStatus === 'claimed') return ignoreDuplicate(context, imageArn);
  const build = await getImage(imageArn, invocation.signal);
  const outOfScope = outOfScopeReason(build, config.scope);
  if (outOfScope) return ignoreFailure(context, imageArn, outOfScope);
  const reason = failed.reason ?? build.reason ?? 'Image Builder gave no reason.';
  if (config.dryRun) {
    invocation.logger.info('build failure reported', { imageArn, reason, dryRun: true });
    return 'dry run';
  }
  const { record, wrote } = await updateRecord<BuildFailure>(
    table,
    key,
    (known) =>
      known?.mailStatus === 'claimed'
        ? undefined
        : { ...key, imageArn, reason, at: invocation.now(), mailStatus: 'claimed' },
    { known: failure },
  );
  if (!wrote || !record) return ignoreDuplicate(context, imageArn);
  const result = await sendNotification(config, buildFailedMail(record), invocation, { imageArn });
  if (result.outcome === 'refused') await markMailDue(context, record, result.error);
  invocation.logger.info('build failure reported', { imageArn, reason });
  addCount(invocation.metrics, 'BuildFailed');
  return 'build failure reported';
}

function ignoreDuplicate({ invocation }: RequestContext, imageArn: string): string {
  const outcome = 'build failure ignored: already reported';
  invocation.logger.info(outcome, { imageArn });
  return outcome;
}

function ignoreFailure({ invocation }: RequestContext, imageArn: string, reason: string): string {
  invocation.logger.info('event ignored', { imageArn, reason });
  return reason;
}

async function markMailDue({ table }: RequestContext, record: BuildFailure, cause: unknown): Promise<never> {
  await updateRecord<BuildFailure>(
    table,
    keyOfRecord(record),
    (known) => (known ? { ...known, mailStatus: 'due' } : undefined),
    { known: record },
  );
  throw new RetryableError('SNS refused the mail about a failed build, so it will be sent again', { cause });
}
