import { type AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { createClient } from './client.ts';

// A wing's records: a DynamoDB table with one string key, written on condition that nobody wrote in between.

export const dynamo = createClient(DynamoDBClient, { deadlineMs: 8_000 });

/** BatchGetItem and TransactWriteItems both take 100 items. */
export const MAX_BATCH_ITEMS = 100;
export const CALLS_AT_ONCE = 8;

export interface VersionedRecord {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
}

/** A record before its write gives it a revision. */
export type RecordDraft<R extends VersionedRecord> = Omit<R, 'revision'>;

export type KnownRecords<R extends VersionedRecord> = ReadonlyMap<string, R>;

export interface Records<R extends VersionedRecord> {
  readonly table: string;
  /** The member that is the table's partition key. */
  readonly key: keyof R & string;
  readonly signal: AbortSignal;
}

export function keyOf<R extends VersionedRecord>({ key }: Records<R>, record: R): string {
  return String(record[key]);
}

export type Item = Record<string, AttributeValue>;

export function toRecord<R>(item: Item): R {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only this pack writes a wing's table, from its record
  return unmarshall(item) as R;
}
