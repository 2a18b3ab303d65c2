import { updateRecords } from '#shared/aws/update-records.ts';
import { RetryableError } from '#shared/errors.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import type { ClaimedCordon, DueCordon, InstanceFailure } from './claimed-cordon.ts';

/** Claims only records that nobody has changed since we decided. The claim lets a new disruption take a record back. */
export async function claimCordons(
  { invocation, table }: UncordonContext,
  due: readonly DueCordon[],
): Promise<ClaimedCordon[]> {
  const dueById = new Map(due.map((one) => [one.record.instanceId, one]));
  const won = new Set<string>();
  const { records } = await updateRecords<CordonRecord>(
    table,
    [...dueById.keys()],
    (known, id) => {
      won.delete(id);
      if (!known || known.revision !== dueById.get(id)?.record.revision) return undefined;
      won.add(id);
      return { ...known, status: 'uncordoning', uncordoningSince: invocation.now() };
    },
    new Map(due.map(({ record }) => [record.instanceId, record])),
  );
  const written = [...records.values()].filter((record) => record !== undefined);
  return written
    .filter(({ instanceId }) => won.has(instanceId))
    .map((record) => ({ record, why: dueById.get(record.instanceId)?.why ?? '' }));
}

/** Another write came first. The next delivery of the message decides again. */
export function lostClaims(due: readonly DueCordon[], claimed: readonly ClaimedCordon[]): InstanceFailure[] {
  const claimedIds = new Set(claimed.map(({ record }) => record.instanceId));
  return due
    .filter(({ record }) => !claimedIds.has(record.instanceId))
    .map(({ record: { instanceId } }) => ({
      instanceId,
      error: new RetryableError(`${instanceId}: its record changed before the cordon could be undone`),
    }));
}
