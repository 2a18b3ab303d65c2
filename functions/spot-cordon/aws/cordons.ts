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
import { chunk } from '../../../shared/chunk.ts';
import { createClient } from '../../../shared/clients.ts';
import { mapLimit } from '../../../shared/concurrency.ts';
import { hasName, Retryable } from '../../../shared/errors.ts';
import type { Cordon, Draft } from '../cordon.ts';
import { readPages } from './pages.ts';

const dynamo = createClient(DynamoDBClient, { deadlineMs: 8_000 });

/** BatchGetItem and TransactWriteItems both take 100 items. */
const ITEMS = 100;
const CALLS_AT_ONCE = 8;
const ROUNDS = 5;

/** What a record should become; undefined leaves it as it is. Called again with fresh state when a write was overtaken. */
export type Mutation = (known: Cordon | undefined, instanceId: string) => Draft | undefined;

export type Known = ReadonlyMap<string, Cordon>;

export interface TableUse {
  readonly table: string;
  readonly signal: AbortSignal;
}

/**
 * Reads, decides, and writes on condition that nobody wrote in between. Batches conditional writes in transactions of
 * 100, since no other DynamoDB call batches conditions; what a transaction takes down with a stale neighbour is sent again.
 *
 * @returns the record of each instance afterwards; an instance that could not be settled is missing
 */
export async function amend(
  use: TableUse,
  ids: readonly string[],
  mutate: Mutation,
  start?: Known,
): Promise<Map<string, Cordon | undefined>> {
  const settled = new Map<string, Cordon | undefined>();
  let known = new Map(start ?? (await readCordons(use, ids)));
  let open: readonly string[] = ids;
  for (let round = 0; open.length > 0 && round < ROUNDS; round++) {
    await giveWay(use, round);
    const writes = decide(open, known, mutate, settled);
    const { stale, again } = await putAll(use, writes, settled);
    if (stale.length > 0) known = await refresh(use, known, stale, settled);
    open = [...stale.map(({ next }) => next.instanceId), ...again].filter((id) => !settled.has(id));
  }
  return settled;
}

/** Strongly consistent: a decision on a stale read would only cost a failed write, but it costs it at the worst time. */
export async function readCordons(use: TableUse, ids: readonly string[]): Promise<Map<string, Cordon>> {
  const pages = await mapLimit(chunk([...new Set(ids)], ITEMS), CALLS_AT_ONCE, (page) => readPage(use, page));
  return new Map(pages.flat().map((cordon) => [cordon.instanceId, cordon]));
}

/** Every record there is, page by page: the table only holds what is cordoned now. */
export function scanCordons({ table, signal }: TableUse): Promise<Cordon[]> {
  return readPages<Cordon, Item>(async (next) => {
    const input = { TableName: table, ConsistentRead: true, ...(next && { ExclusiveStartKey: next }) };
    const { Items = [], LastEvaluatedKey } = await dynamo.send(new ScanCommand(input), {
      abortSignal: signal,
    });
    return { items: Items.map(toCordon), next: LastEvaluatedKey };
  });
}

/** Deletes each record that is still as it was read. @returns the ids of those that somebody changed meanwhile */
export async function removeCordons(use: TableUse, cordons: readonly Cordon[]): Promise<string[]> {
  const changed: string[] = [];
  let open = cordons;
  for (let round = 0; open.length > 0; round++) {
    if (round === ROUNDS)
      throw new Retryable(`${open.length} records could not be deleted: others kept writing them`);
    await giveWay(use, round);
    const outcomes = await transact(use, open, (cordon) => ({
      Delete: {
        TableName: use.table,
        Key: marshall({ instanceId: cordon.instanceId }),
        ...unchangedSince(cordon.revision),
      },
    }));
    const stale = outcomes.filter(({ code }) => code === 'stale').map(({ item }) => item.instanceId);
    // A repeated delete fails its condition too: only what is still there was changed by somebody.
    if (stale.length > 0) changed.push(...(await readCordons(use, stale)).keys());
    open = outcomes.filter(({ code }) => code === 'again').map(({ item }) => item);
  }
  return changed;
}

/** Lets whoever else is writing get through: a refused transaction is never repeated at once. */
async function giveWay({ signal }: TableUse, round: number): Promise<void> {
  if (round > 0) await pause(Math.random() * 25 * 2 ** round, undefined, { signal });
}

interface Write {
  readonly expected: string | undefined;
  readonly next: Cordon;
}

function decide(
  ids: readonly string[],
  known: Known,
  mutate: Mutation,
  settled: Map<string, Cordon | undefined>,
): Write[] {
  const writes: Write[] = [];
  for (const id of ids) {
    const before = known.get(id);
    const draft = mutate(before, id);
    if (draft) writes.push({ expected: before?.revision, next: { ...draft, revision: randomUUID() } });
    else settled.set(id, before);
  }
  return writes;
}

async function putAll(use: TableUse, writes: readonly Write[], settled: Map<string, Cordon | undefined>) {
  const outcomes = await transact(use, writes, ({ expected, next }) => ({
    Put: {
      TableName: use.table,
      Item: marshall(next, { removeUndefinedValues: true }),
      ...unchangedSince(expected),
    },
  }));
  for (const { item, code } of outcomes) if (code === 'written') settled.set(item.next.instanceId, item.next);
  return {
    stale: outcomes.filter(({ code }) => code === 'stale').map(({ item }) => item),
    again: outcomes.filter(({ code }) => code === 'again').map(({ item }) => item.next.instanceId),
  };
}

/** Reads what overtook us. A record that carries our own new revision is our write whose answer was lost. */
async function refresh(
  use: TableUse,
  known: Known,
  stale: readonly Write[],
  settled: Map<string, Cordon | undefined>,
) {
  const ids = stale.map(({ next }) => next.instanceId);
  const fresh = await readCordons(use, ids);
  for (const { next } of stale) {
    if (fresh.get(next.instanceId)?.revision === next.revision) settled.set(next.instanceId, next);
  }
  const others = [...known].filter(([id]) => !ids.includes(id));
  return new Map([...others, ...fresh]);
}

interface Outcome<T> {
  readonly item: T;
  readonly code: 'written' | 'stale' | 'again';
}

async function transact<T>(
  use: TableUse,
  items: readonly T[],
  write: (item: T) => TransactWriteItem,
): Promise<Outcome<T>[]> {
  const groups = await mapLimit(chunk(items, ITEMS), CALLS_AT_ONCE, (group) =>
    transactGroup(use, group, write),
  );
  return groups.flat();
}

async function transactGroup<T>(
  use: TableUse,
  group: readonly T[],
  write: (item: T) => TransactWriteItem,
): Promise<Outcome<T>[]> {
  try {
    await dynamo.send(new TransactWriteItemsCommand({ TransactItems: group.map(write) }), {
      abortSignal: use.signal,
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

function unchangedSince(revision: string | undefined) {
  if (revision === undefined) return { ConditionExpression: 'attribute_not_exists(instanceId)' };
  return {
    ConditionExpression: 'revision = :revision',
    ExpressionAttributeValues: { ':revision': { S: revision } },
  };
}

async function readPage({ table, signal }: TableUse, ids: readonly string[]): Promise<Cordon[]> {
  const found: Cordon[] = [];
  let keys: Item[] = ids.map((id) => ({ instanceId: { S: id } }));
  // DynamoDB may leave keys unread under load; a loop without end is cut by the signal.
  while (keys.length > 0) {
    const reply = await dynamo.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
      { abortSignal: signal },
    );
    found.push(...(reply.Responses?.[table] ?? []).map(toCordon));
    keys = reply.UnprocessedKeys?.[table]?.Keys ?? [];
    if (keys.length > 0) await pause(50, undefined, { signal });
  }
  return found;
}

type Item = Record<string, AttributeValue>;

function toCordon(item: Item): Cordon {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `putAll` writes this table, from a Cordon
  return unmarshall(item) as Cordon;
}
