import { mapLimit } from '#shared/concurrency.ts';
import { listOtherAlarms } from '../aws/alarms.ts';
import type { Inventory } from '../domain/inventory.ts';
import { otherAlarmPrefixes, otherDiskAlarms } from '../domain/other-alarms.ts';
import type { RunContext } from './run-context.ts';

const CONCURRENCY = 2;

/** The disk alarms of CloudWatchAutoAlarms and of AWS's sample for the instances of a dry run. */
export async function findOtherAlarms(
  { instances, instanceIds }: Inventory,
  until: number,
  { config, invocation }: RunContext,
): Promise<readonly string[]> {
  const known = instanceIds.flatMap((id) => instances.get(id) ?? []);
  const found = await mapLimit(otherAlarmPrefixes(known), CONCURRENCY, (prefix) =>
    listOtherAlarms(prefix, () => invocation.now() < until, invocation.signal),
  );
  return otherDiskAlarms(found.flat(), known, config.profiles);
}
