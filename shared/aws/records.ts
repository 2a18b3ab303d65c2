import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  ScanCommand,
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { chunk } from '../chunk.ts';
import { mapLimit } from '../concurrency.ts';
import { hasName, RetryableError } from '../errors.ts';
import { createClient } from './client.ts';
import { paginate } from './pages.ts';

// A wing's records: a DynamoDB table with one string key, read and written on condition that nobody wrote in between.

const dynamo = createClient(DynamoDBClient, { deadlineMs: 8_000 });

/** BatchGetItem and TransactWriteItems both take 100 items. */
export const MAX_TRANSACTION_ITEMS = 100;
const CALLS_AT_ONCE = 8;
const ROUNDS = 5;

export interface VersionedRecord {
  /** Changes with every write; the condition of the next one. */
  readonly revision: string;
}

/** A record before its write gives it a revision. */
export type RecordDraft<R extends VersionedRecord> = Omit<R, 'revision'>;

/** What a record should become; undefined leaves it as it is. Called again with fresh state when a write was overtaken. */
export type RecordUpdate<R extends VersionedRecord> = (
  known: R | undefined,
  key: string,
) => RecordDraft<R> | undefined;

export type KnownRecords<R extends VersionedRecord> = ReadonlyMap<string, R>;

export interface Records<R extends VersionedRecord> {
  readonly table: string;
  /** The member that is the table's partition key. */
  readonly key: keyof R & string;
  readonly signal: AbortSignal;
}

/**
 * Reads, decides, and writes on condition that nobody wrote in between. Batches conditional writes in transactions of
 * 100, since no other DynamoDB call batches conditions; what a transaction takes down with a stale neighbour is sent again.
 *
 * @returns each key's record afterwards; a key that could not be settled is missing
 */
export async function updateRecords<R extends VersionedRecord>(
  records: Records<R>,
  keys: readonly string[],
  mutate: RecordUpdate<R>,
  start?: KnownRecords<R>,
): Promise<Map<string, R | undefined>> {
  const settled = new Map<string, R | undefined>();
  let known = new Map(start ?? (await readRecords(records, keys)));
  let open: readonly string[] = keys;
  for (let round = 0; open.length > 0 && round < ROUNDS; round++) {
    await giveWay(records, round);
    const writes = decide(open, known, mutate, settled);
    const { stale, again } = await putAll(records, writes, settled);
    if (stale.length > 0) known = await refresh(records, known, stale, settled);
    open = [...stale.map(({ key }) => key), ...again].filter((key) => !settled.has(key));
  }
  return settled;
}

/** Strongly consistent: a decision on a stale read would only cost a failed write, but it costs it at the worst time. */
export async function readRecords<R extends VersionedRecord>(
  records: Records<R>,
  keys: readonly string[],
): Promise<Map<string, R>> {
  const groups = chunk([...new Set(keys)], MAX_TRANSACTION_ITEMS);
  const found = await mapLimit(groups, CALLS_AT_ONCE, (group) => readGroup(records, group));
  return new Map(found.flat().map((record) => [keyOf(records, record), record]));
}

/** Every record there is, page by page: for tables that only hold what is open now. */
export function scanRecords<R extends VersionedRecord>({ table, signal }: Records<R>): Promise<R[]> {
  return paginate<R, Item>(async (next) => {
    const input = { TableName: table, ConsistentRead: true, ...(next && { ExclusiveStartKey: next }) };
    const { Items = [], LastEvaluatedKey } = await dynamo.send(new ScanCommand(input), {
      abortSignal: signal,
    });
    return { items: Items.map((item) => toRecord<R>(item)), next: LastEvaluatedKey };
  });
}

/** Deletes each record that is still as it was read. @returns the keys of those that somebody changed meanwhile */
export async function removeRecords<R extends VersionedRecord>(
  records: Records<R>,
  gone: readonly R[],
): Promise<string[]> {
  const changed: string[] = [];
  let open = gone;
  for (let round = 0; open.length > 0; round++) {
    if (round === ROUNDS)
      throw new RetryableError(`${open.length} records could not be deleted: others kept writing them`);
    await giveWay(records, round);
    const outcomes = await transact(records, open, (record) => ({
      Delete: {
        TableName: records.table,
        Key: marshall({ [records.key]: keyOf(records, record) }),
        ...unchangedSince(records, record.revision),
      },
    }));
    const stale = outcomes.filter(({ code }) => code === 'stale').map(({ item }) => keyOf(records, item));
    // A repeated delete fails its condition too: only what is still there was changed by somebody.
    if (stale.length > 0) changed.push(...(await readRecords(records, stale)).keys());
    open = outcomes.filter(({ code }) => code === 'again').map(({ item }) => item);
  }
  return changed;
}

/** Lets whoever else is writing get through: a refused transaction is never repeated at once. */
async function giveWay({ signal }: { readonly signal: AbortSignal }, round: number): Promise<void> {
  if (round > 0) await pause(Math.random() * 25 * 2 ** round, undefined, { signal });
}

interface Write<R> {
  readonly key: string;
  readonly expected: string | undefined;
  readonly next: R;
}

function decide<R extends VersionedRecord>(
  keys: readonly string[],
  known: KnownRecords<R>,
  mutate: RecordUpdate<R>,
  settled: Map<string, R | undefined>,
): Write<R>[] {
  const writes: Write<R>[] = [];
  for (const key of keys) {
    const before = known.get(key);
    const draft = mutate(before, key);
    if (draft) writes.push({ key, expected: before?.revision, next: withRevision(draft) });
    else settled.set(key, before);
  }
  return writes;
}

function withRevision<R extends VersionedRecord>(draft: RecordDraft<R>): R {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: a draft and its revision are a record; TypeScript cannot add them up
  return { ...draft, revision: randomUUID() } as unknown as R;
}

async function putAll<R extends VersionedRecord>(
  records: Records<R>,
  writes: readonly Write<R>[],
  settled: Map<string, R | undefined>,
): Promise<{ readonly stale: readonly Write<R>[]; readonly again: readonly string[] }> {
  const outcomes = await transact(records, writes, ({ expected, next }) => ({
    Put: {
      TableName: records.table,
      Item: marshall(next, { removeUndefinedValues: true }),
      ...unchangedSince(records, expected),
    },
  }));
  for (const { item, code } of outcomes) if (code === 'written') settled.set(item.key, item.next);
  return {
    stale: outcomes.filter(({ code }) => code === 'stale').map(({ item }) => item),
    again: outcomes.filter(({ code }) => code === 'again').map(({ item }) => item.key),
  };
}

/** Reads what overtook us. A record that carries our own new revision is our write whose answer was lost. */
async function refresh<R extends VersionedRecord>(
  records: Records<R>,
  known: KnownRecords<R>,
  stale: readonly Write<R>[],
  settled: Map<string, R | undefined>,
): Promise<Map<string, R>> {
  const keys = stale.map(({ key }) => key);
  const fresh = await readRecords(records, keys);
  for (const { key, next } of stale) {
    if (fresh.get(key)?.revision === next.revision) settled.set(key, next);
  }
  const others = [...known].filter(([key]) => !keys.includes(key));
  return new Map([...others, ...fresh]);
}

interface Outcome<T> {
  readonly item: T;
  readonly code: 'written' | 'stale' | 'again';
}

async function transact<T>(
  use: { readonly signal: AbortSignal },
  items: readonly T[],
  write: (item: T) => TransactWriteItem,
): Promise<Outcome<T>[]> {
  const groups = await mapLimit(chunk(items, MAX_TRANSACTION_ITEMS), CALLS_AT_ONCE, (group) =>
    transactGroup(use, group, write),
  );
  return groups.flat();
}

async function transactGroup<T>(
  { signal }: { readonly signal: AbortSignal },
  group: readonly T[],
  write: (item: T) => TransactWriteItem,
): Promise<Outcome<T>[]> {
  try {
    await dynamo.send(new TransactWriteItemsCommand({ TransactItems: group.map(write) }), {
      abortSignal: signal,
    });
    return group.map((item) => ({ item, code: 'written' }));
  } catch (error) {
    if (!wasCancelled(error)) throw error;
    const reasons = error.CancellationReasons ?? [];
    return group.map((item, i) => ({
      item,
      code: reasons[i]?.Code === 'ConditionalCheckFailed' ? 'stale' : 'again',
    }));
  }
}

function wasCancelled(error: unknown): error is TransactionCanceledException {
  return hasName(error, 'TransactionCanceledException');
}

function unchangedSince({ key }: { readonly key: string }, revision: string | undefined) {
  if (revision === undefined)
    return { ConditionExpression: 'attribute_not_exists(#key)', ExpressionAttributeNames: { '#key': key } };
  return {
    ConditionExpression: 'revision = :revision',
    ExpressionAttributeValues: { ':revision': { S: revision } },
  };
}

async function readGroup<R extends VersionedRecord>(
  { table, key, signal }: Records<R>,
  group: readonly string[],
): Promise<R[]> {
  const found: R[] = [];
  let keys: Item[] = group.map((one) => ({ [key]: { S: one } }));
  // DynamoDB may leave keys unread under load; a loop without end is cut by the signal.
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

type Item = Record<string, AttributeValue>;

function toRecord<R>(item: Item): R {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `putAll` writes a wing's table, from its record
  return unmarshall(item) as R;
}

function keyOf<R extends VersionedRecord>({ key }: Records<R>, record: R): string {
  return String(record[key]);
}
