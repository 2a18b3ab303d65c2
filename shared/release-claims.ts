import type { KnownRecords, Records, VersionedRecord } from './aws/dynamodb.ts';
import { type RecordUpdate, updateRecords } from './aws/update-records.ts';
import type { Invocation } from './invocation.ts';
import { addCount } from './metrics.ts';

/**
 * Removes the claims of a mail that SNS refused, so that the next delivery sends it. A claim that stays means that the
 * mail is lost: no later delivery would send it or report it, so this is logged and counted.
 */
export async function releaseClaims<R extends VersionedRecord>(
  records: Records<R>,
  claimed: KnownRecords<R>,
  release: RecordUpdate<R>,
  { logger, metrics }: Invocation,
): Promise<void> {
  const first = await updateRecords(records, [...claimed.keys()], release, claimed);
  // Reads again: the write may have succeeded although its response was lost.
  const { failures } = await updateRecords(records, [...first.failures.keys()], release);
  if (failures.size === 0) return;
  const [error] = failures.values();
  logger.error('mail lost: claim not removed', { ids: [...failures.keys()], error });
  addCount(metrics, 'NoticeUncertain', failures.size);
}
