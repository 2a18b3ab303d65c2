import type { KnownRecords, Records } from '#shared/aws/dynamodb.ts';
import { updateRecords } from '#shared/aws/update-records.ts';
import type { HoldFailure } from '../context.ts';
import type { HoldDraft, HoldRecord } from '../domain/hold-record.ts';

/** The record's next state, undefined to leave it as it is, and data of this decision for the caller. */
interface HoldUpdate<N> {
  readonly draft: HoldDraft | undefined;
  readonly data: N;
}

export interface UpdatedHold<N> {
  readonly hold: HoldRecord;
  readonly data: N;
}

/**
 * Updates records; each write is conditional, and a conflict decides again on the newer record.
 *
 * @returns the updated records, each with the data of the decision that was written
 */
export async function updateHolds<N>(
  holds: Records<HoldRecord>,
  keys: readonly string[],
  decide: (known: HoldRecord | undefined, deployment: string) => HoldUpdate<N> | undefined,
  start: KnownRecords<HoldRecord>,
): Promise<{ readonly updated: readonly UpdatedHold<N>[]; readonly failures: readonly HoldFailure[] }> {
  const decisions = new Map<string, HoldUpdate<N> | undefined>();
  const update = (known: HoldRecord | undefined, deployment: string): HoldDraft | undefined => {
    const decision = decide(known, deployment);
    decisions.set(deployment, decision);
    return decision?.draft;
  };
  const { records, failures } = await updateRecords(holds, keys, update, start);
  const updated = [...records].flatMap(([deployment, hold]) => {
    const decision = decisions.get(deployment);
    return hold && decision ? [{ hold, data: decision.data }] : [];
  });
  return { updated, failures: [...failures].map(([deployment, error]) => ({ deployment, error })) };
}
