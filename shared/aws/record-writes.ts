import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { RecordDraft, VersionedRecord } from './dynamodb.ts';

/** How often an update starts over because somebody else wrote in between. */
export const MAX_ROUNDS = 5;

/** Waits longer each round, so that other writers succeed. */
export async function backOff(round: number, signal: AbortSignal): Promise<void> {
  if (round > 0) await pause(Math.random() * 25 * 2 ** round, undefined, { signal });
}

export function withRevision<R extends VersionedRecord>(draft: RecordDraft<R>): R {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: a draft and its revision are a record; TypeScript cannot add them up
  return { ...draft, revision: randomUUID() } as unknown as R;
}

/** The condition of a write: the record is still as it was read; undefined stands for no record. */
export function unchangedSince(key: string, revision: string | undefined) {
  if (revision === undefined)
    return { ConditionExpression: 'attribute_not_exists(#key)', ExpressionAttributeNames: { '#key': key } };
  return {
    ConditionExpression: 'revision = :revision',
    ExpressionAttributeValues: { ':revision': { S: revision } },
  };
}
