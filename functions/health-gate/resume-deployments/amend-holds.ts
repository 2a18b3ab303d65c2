import type { KnownRecords, Records } from '#shared/aws/records.ts';
import { updateRecords } from '#shared/aws/update-records.ts';
import type { Failure } from '../context.ts';
import type { Draft, Hold } from '../domain/hold-record.ts';

/** What a record should become, undefined to leave it as it is, and what to remember of having decided so. */
interface Decision<N> {
  readonly draft: Draft | undefined;
  readonly note: N;
}

export interface Noted<N> {
  readonly hold: Hold;
  readonly note: N;
}

/**
 * Updates records on condition that nobody wrote in between, and remembers a note for each.
 *
 * @returns the records that were decided on, as they are now, each with the note of the decision that was written
 */
export async function amendHolds<N>(
  use: Records<Hold>,
  keys: readonly string[],
  decide: (known: Hold | undefined, deployment: string) => Decision<N> | undefined,
  start: KnownRecords<Hold>,
): Promise<{ readonly noted: readonly Noted<N>[]; readonly failures: readonly Failure[] }> {
  const decisions = new Map<string, Decision<N> | undefined>();
  const update = (known: Hold | undefined, deployment: string): Draft | undefined => {
    const decision = decide(known, deployment);
    decisions.set(deployment, decision);
    return decision?.draft;
  };
  const { records, failures } = await updateRecords(use, keys, update, start);
  const noted = [...records].flatMap(([deployment, hold]) => {
    const decision = decisions.get(deployment);
    return hold && decision ? [{ hold, note: decision.note }] : [];
  });
  return { noted, failures: [...failures].map(([deployment, error]) => ({ deployment, error })) };
}
