import { updateRecord } from '#shared/aws/update-record.ts';
import type { RequestContext } from '../context.ts';
import { keyOf } from '../domain/approval-record.ts';
import { newerFindings, type ScanFindings } from '../domain/scan-findings.ts';
import type { TriggerEvent } from './event.ts';

/** Saves the findings of a scan for the mail and the page. */
export async function saveFindings(
  { config, invocation, table }: RequestContext,
  { imageArn, counts, at }: TriggerEvent & { kind: 'findings' },
): Promise<string> {
  const { logger } = invocation;
  const key = { ...keyOf(imageArn), part: 'findings' };
  if (config.dryRun) {
    logger.info('scan findings saved', { imageArn, ...counts, dryRun: true });
    return 'dry run';
  }
  const { wrote } = await updateRecord<ScanFindings>(table, key, (known) =>
    newerFindings(known, { ...key, counts, at }),
  );
  const outcome = wrote ? 'scan findings saved' : 'scan findings ignored: not newer than the saved ones';
  logger.info(outcome, { imageArn, ...counts });
  return outcome;
}
