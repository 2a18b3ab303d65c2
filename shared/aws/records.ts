import { setTimeout as pause } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { chunk, mapLimit } from '../concurrency.ts';
import { createClient } from './client.ts';
import { paginate } from './pages.ts';

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

/** Reads strongly consistent: a decision on a stale read costs a failed write. */
export async function readRecords<R extends VersionedRecord>(
  records: Records<R>,
  keys: readonly string[],
): Promise<Map<string, R>> {
  const groups = chunk([...new Set(keys)], MAX_BATCH_ITEMS);
  const found = await mapLimit(groups, CALLS_AT_ONCE, (group) => readGroup(records, group));
  return new Map(found.flat().map((record) => [keyOf(records, record), record]));
}

/** Reads the whole table, page by page: for tables that hold only what is open now. */
export function scanRecords<R extends VersionedRecord>({ table, signal }: Records<R>): Promise<R[]> {
  return paginate<R, Item>(async (next) => {
    const input = { TableName: table, ConsistentRead: true, ...(next && { ExclusiveStartKey: next }) };
    const { Items = [], LastEvaluatedKey } = await dynamo.send(new ScanCommand(input), {
      abortSignal: signal,
    });
    return { items: Items.map((item) => toRecord<R>(item)), next: LastEvaluatedKey };
  });
}

/** @param group at most 100 keys */
export async function readGroup<R extends VersionedRecord>(
  { table, key, signal }: Records<R>,
  group: readonly string[],
): Promise<R[]> {
  const found: R[] = [];
  let keys: Item[] = group.map((one) => ({ [key]: { S: one } }));
  // DynamoDB may leave keys unread under load; the signal ends the loop if it never reads them.
  while (keys.length > 0) {
    const reply = await dynamo.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
      { abortSignal: signal },
    );
    found.push(...(reply.Responses?.[table] ?? []).map((item) => toRecord<R>(item)));
    keys = reply.UnprocessedKeys?.[table]?.Keys ?? [];
    if (keys.length > 0) await pause(50, undefined, { signal });
  }
  return found;
}

export function keyOf<R extends VersionedRecord>({ key }: Records<R>, record: R): string {
  return String(record[key]);
}

export type Item = Record<string, AttributeValue>;

export function toRecord<R>(item: Item): R {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only this pack writes a wing's table, from its record
  return unmarshall(item) as R;
}
