import type { KnownRecords, Records } from '#shared/aws/records.ts';
import { updateRecords } from '#shared/aws/update-records.ts';
import type { HoldFailure } from '../context.ts';
import type { HoldDraft, HoldRecord } from '../domain/hold-record.ts';

/** What a record should become, undefined to leave it as it is, and what to remember of having decided so. */
interface HoldUpdate<N> {
  readonly draft: HoldDraft | undefined;
  readonly data: N;
}

export interface UpdatedHold<N> {
  readonly hold: HoldRecord;
  readonly data: N;
}

/**
 * Updates records on condition that nobody wrote in between, and remembers a note for each.
 *
 * @returns the records that were decided on, as they are now, each with the note of the decision that was written
 */
export async function updateHolds<N>(
  use: Records<HoldRecord>,
  keys: readonly string[],
  decide: (known: HoldRecord | undefined, deployment: string) => HoldUpdate<N> | undefined,
  start: KnownRecords<HoldRecord>,
): Promise<{ readonly noted: readonly UpdatedHold<N>[]; readonly failures: readonly HoldFailure[] }> {
  const decisions = new Map<string, HoldUpdate<N> | undefined>();
  const update = (known: HoldRecord | undefined, deployment: string): HoldDraft | undefined => {
    const decision = decide(known, deployment);
    decisions.set(deployment, decision);
    return decision?.draft;
  };
  const { records, failures } = await updateRecords(use, keys, update, start);
  const noted = [...records].flatMap(([deployment, hold]) => {
    const decision = decisions.get(deployment);
    return hold && decision ? [{ hold, data: decision.data }] : [];
  });
  return { noted, failures: [...failures].map(([deployment, error]) => ({ deployment, error })) };
}
