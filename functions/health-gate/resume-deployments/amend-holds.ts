import {
  type KnownRecords,
  MAX_TRANSACTION_ITEMS,
  type Records,
  updateRecords,
} from '#shared/aws/records.ts';
import { chunk } from '#shared/chunk.ts';
import { RetryableError } from '#shared/errors.ts';
import { type Failure, failuresOf } from '../context.ts';
import type { Draft, Hold } from '../domain/hold-record.ts';

/** What a record should become, nothing to leave it as it is, and what to remember of having decided so. */
interface Decision<N> {
  readonly draft: Draft | undefined;
  readonly note: N;
}

export interface Noted<N> {
  readonly hold: Hold;
  readonly note: N;
}

/**
 * Amends records (shared/aws/records.ts), a transaction after the other: one that fails takes no word of what the others
 * have written with it.
 *
 * @returns the records that were decided on, as they are now, each with the note of the decision that counted: not of
 * one that was overtaken and taken again
 */
export async function amendHolds<N>(
  use: Records<Hold>,
  keys: readonly string[],
  decide: (known: Hold | undefined, deployment: string) => Decision<N> | undefined,
  start: KnownRecords<Hold>,
): Promise<{ readonly noted: readonly Noted<N>[]; readonly failures: readonly Failure[] }> {
  const noted: Noted<N>[] = [];
  const failures: Failure[] = [];
  for (const some of chunk(keys, MAX_TRANSACTION_ITEMS)) {
    const decisions = new Map<string, Decision<N> | undefined>();
    const mutate = (known: Hold | undefined, deployment: string): Draft | undefined => {
      const decision = decide(known, deployment);
      decisions.set(deployment, decision);
      return decision?.draft;
    };
    try {
      const settled = await updateRecords(use, some, mutate, start);
      for (const [deployment, hold] of settled) {
        const decision = decisions.get(deployment);
        if (hold && decision) noted.push({ hold, note: decision.note });
      }
      const open = some.filter((deployment) => !settled.has(deployment));
      failures.push(...failuresOf(open, new RetryableError('the record could not be written')));
    } catch (error) {
      failures.push(...failuresOf(some, error));
    }
  }
  return { noted, failures };
}
