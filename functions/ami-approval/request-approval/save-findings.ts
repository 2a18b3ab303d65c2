import { updateRecord } from '#shared/aws/update-record.ts';
import { readBuildRecords } from '../aws/approvals-table.ts';
import { findImage } from '../aws/imagebuilder.ts';
import type { RequestConfig } from '../config.ts';
import type { RequestContext } from '../context.ts';
import { keyOf } from '../domain/approval-record.ts';
import { outOfScopeReason } from '../domain/approval-scope.ts';
import { newerFindings, type ScanFindings } from '../domain/scan-findings.ts';
import type { TriggerEvent } from './event.ts';

/** Saves the findings of a scan for the mail and the page. */
export async function saveFindings(
  { config, invocation, table }: RequestContext,
  { imageArn, counts, at }: TriggerEvent & { kind: 'findings' },
): Promise<string> {
  const { logger, signal } = invocation;
  const key = { ...keyOf(imageArn), part: 'findings' };
  const records = await readBuildRecords(table, key.image);
  const reason = records.approvals.length > 0 ? undefined : await ignoreReason(imageArn, config, signal);
  if (reason) {
    logger.info('event ignored', { imageArn, reason });
    return reason;
  }
  if (config.dryRun) {
    logger.info('scan findings saved', { imageArn, ...counts, dryRun: true });
    return 'dry run';
  }
  const { wrote } = await updateRecord<ScanFindings>(
    table,
    key,
    (known) => newerFindings(known, { ...key, counts, at }),
    { known: records.findings },
  );
  const outcome = wrote ? 'scan findings saved' : 'scan findings ignored: not newer than the saved ones';
  logger.info(outcome, { imageArn, ...counts });
  return outcome;
}

/** Scans of old images arrive too, and some of those images are deleted. */
async function ignoreReason(
  imageArn: string,
  { scope }: RequestConfig,
  signal: AbortSignal,
): Promise<string | undefined> {
  const build = await findImage(imageArn, signal);
  return build ? outOfScopeReason(build, scope) : 'the image no longer exists';
}
