import { setTimeout as pause } from 'node:timers/promises';
import { BatchGetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { chunk, mapLimit } from '../concurrency.ts';
import {
  CALLS_AT_ONCE,
  dynamo,
  type Item,
  keyOf,
  MAX_BATCH_ITEMS,
  type Records,
  toRecord,
  type VersionedRecord,
} from './dynamodb.ts';
import { paginate } from './pages.ts';

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
