import { amend, type Known, type Records } from '../../shared/records.ts';
import type { Draft, Hold } from './hold.ts';

/** What a record should become, nothing to leave it as it is, and what to remember of having decided so. */
interface Decision<N> {
  readonly draft: Draft | undefined;
  readonly note: N;
}

export interface Noted<N> {
  readonly hold: Hold;
  readonly note: N;
}

interface Amended<N> {
  /** The records that were decided on, as they are now, each with the note of the decision that counted. */
  readonly noted: readonly Noted<N>[];
  /** The keys that could not be settled. */
  readonly unsettled: readonly string[];
}

/** Amends records (shared/records.ts). Of a decision that was overtaken and taken again, only the last one's note counts. */
export async function amendHolds<N>(
  use: Records<Hold>,
  keys: readonly string[],
  decide: (known: Hold | undefined, deployment: string) => Decision<N> | undefined,
  start: Known<Hold>,
): Promise<Amended<N>> {
  const decisions = new Map<string, Decision<N> | undefined>();
  const settled = await amend(
    use,
    keys,
    (known, deployment) => {
      const decision = decide(known, deployment);
      decisions.set(deployment, decision);
      return decision?.draft;
    },
    start,
  );
  const noted = [...settled].flatMap(([deployment, hold]) => {
    const decision = decisions.get(deployment);
    return hold && decision ? [{ hold, note: decision.note }] : [];
  });
  return { noted, unsettled: keys.filter((key) => !settled.has(key)) };
}
