import { BatchGetItemCommand, DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Records } from '../../../shared/aws/dynamodb.ts';
import { removeRecords, updateRecords } from '../../../shared/aws/update-records.ts';

// A table that can fail each of its calls. A transaction has 100 items, so 250 records are three of them.

interface Row {
  readonly id: string;
  readonly revision: string;
  readonly n: number;
}

const dynamo = mockClient(DynamoDBClient);
const rows = new Map<string, Row>();
const KEYS = Array.from({ length: 250 }, (_, i) => `key-${String(i).padStart(3, '0')}`);
const [FIRST, SECOND, THIRD] = [KEYS.slice(0, 100), KEYS.slice(100, 200), KEYS.slice(200)];
const OF_SECOND = 'key-150';
const use: Records<Row> = { table: 'rows', key: 'id', signal: new AbortController().signal };

interface Faults {
  readonly read?: (keys: readonly string[]) => void;
  readonly beforeWrite?: (keys: readonly string[]) => void;
  readonly afterWrite?: (keys: readonly string[]) => void;
}

function openTable(keys: readonly string[], faults: Faults = {}): void {
  rows.clear();
  dynamo.reset();
  for (const id of keys) rows.set(id, { id, revision: `seed of ${id}`, n: 0 });
  dynamo.on(BatchGetItemCommand).callsFake(async ({ RequestItems }) => {
    const ids: string[] = RequestItems.rows.Keys.map(({ id }: { id: { S: string } }) => id.S);
    faults.read?.(ids);
    return { Responses: { rows: ids.flatMap((id) => rows.get(id) ?? []).map((row) => marshall(row)) } };
  });
  dynamo.on(TransactWriteItemsCommand).callsFake(async ({ TransactItems }) => {
    const ids: string[] = TransactItems.map(keyOfItem);
    faults.beforeWrite?.(ids);
    write(TransactItems);
    faults.afterWrite?.(ids);
    return {};
  });
}

// biome-ignore lint/suspicious/noExplicitAny: the items of a transaction, as the code under test wrote them
type TransactItem = any;

function keyOfItem({ Put, Delete }: TransactItem): string {
  return (Put?.Item ?? Delete.Key).id.S;
}

function write(items: readonly TransactItem[]): void {
  const reasons = items.map((item) => {
    const expected = (item.Put ?? item.Delete).ExpressionAttributeValues?.[':revision'].S;
    const isUnchanged = rows.get(keyOfItem(item))?.revision === expected;
    return { Code: isUnchanged ? 'None' : 'ConditionalCheckFailed' };
  });
  if (reasons.some(({ Code }) => Code !== 'None')) throw cancelled(reasons);
  for (const item of items) {
    if (item.Put) rows.set(keyOfItem(item), unmarshall(item.Put.Item) as Row);
    else rows.delete(keyOfItem(item));
  }
}

function cancelled(reasons: readonly { readonly Code: string }[]): Error {
  return serviceError('TransactionCanceledException', { CancellationReasons: reasons });
}

function serviceError(name: string, more: object = {}): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode: 400 }, ...more });
}

const increment = (known: Row | undefined, id: string): Omit<Row, 'revision'> => ({
  id,
  n: (known?.n ?? 0) + 1,
});

function failWith(key: string): (keys: readonly string[]) => void {
  return (keys) => {
    if (keys.includes(key)) throw serviceError('InternalServerError');
  };
}

function valuesOf(keys: readonly string[]): Set<number | undefined> {
  return new Set(keys.map((key) => rows.get(key)?.n));
}

beforeEach(() => openTable(KEYS));

describe('an update of 250 records', () => {
  it('writes all of them in three transactions', async () => {
    const { records, failures } = await updateRecords(use, KEYS, increment);

    expect([records.size, failures.size, valuesOf(KEYS)]).toEqual([250, 0, new Set([1])]);
    expect(dynamo.commandCalls(TransactWriteItemsCommand)).toHaveLength(3);
  });

  it('reports what the other transactions wrote if one fails', async () => {
    openTable(KEYS, { beforeWrite: failWith(OF_SECOND) });

    const { records, failures } = await updateRecords(use, KEYS, increment);

    expect([...failures.keys()].sort()).toEqual(SECOND);
    expect([...records.keys()].sort()).toEqual([...FIRST, ...THIRD]);
    expect([valuesOf(FIRST), valuesOf(SECOND), valuesOf(THIRD)]).toEqual([
      new Set([1]),
      new Set([0]),
      new Set([1]),
    ]);
  });

  it('goes on without the records that could not be read', async () => {
    openTable(KEYS, { read: failWith(OF_SECOND) });

    const { records, failures } = await updateRecords(use, KEYS, increment);

    expect([...failures.keys()].sort()).toEqual(SECOND);
    expect([...records.keys()].sort()).toEqual([...FIRST, ...THIRD]);
  });

  it('decides again about a record that somebody else wrote, and sends its neighbours again', async () => {
    let isFirst = true;
    openTable(KEYS, {
      beforeWrite: (keys) => {
        if (isFirst && keys.includes(OF_SECOND))
          rows.set(OF_SECOND, { id: OF_SECOND, revision: 'other', n: 7 });
        if (keys.includes(OF_SECOND)) isFirst = false;
      },
    });

    const { failures } = await updateRecords(use, KEYS, increment);

    expect(failures.size).toBe(0);
    expect(rows.get(OF_SECOND)?.n).toBe(8);
    expect(valuesOf(KEYS.filter((key) => key !== OF_SECOND))).toEqual(new Set([1]));
  });

  it('knows its own write if the response is lost and the SDK sends it again', async () => {
    const seen = new Set<string>();
    openTable(KEYS, {
      afterWrite: (keys) => {
        if (!keys.includes(OF_SECOND) || seen.has('lost')) return;
        seen.add('lost');
        throw cancelled(keys.map(() => ({ Code: 'ConditionalCheckFailed' })));
      },
    });

    const { records, failures } = await updateRecords(use, KEYS, increment);

    expect([records.size, failures.size, valuesOf(KEYS)]).toEqual([250, 0, new Set([1])]);
  });

  it('gives up on a record that others keep writing, and on no other one', async () => {
    openTable(KEYS, {
      beforeWrite: (keys) => {
        if (keys.includes(OF_SECOND))
          rows.set(OF_SECOND, { id: OF_SECOND, revision: crypto.randomUUID(), n: 0 });
      },
    });

    const { failures } = await updateRecords(use, KEYS, increment);

    expect(failures.has(OF_SECOND)).toBe(true);
    expect(valuesOf([...FIRST, ...THIRD])).toEqual(new Set([1]));
  });
});

describe('a deletion of 250 records', () => {
  it('deletes what the other transactions have if one fails', async () => {
    const known = [...rows.values()];
    openTable(KEYS, { beforeWrite: failWith(OF_SECOND) });

    const { changed, failures } = await removeRecords(use, known);

    expect([changed, [...failures.keys()].sort(), [...rows.keys()].sort()]).toEqual([[], SECOND, SECOND]);
  });

  it('leaves a record that somebody changed, and deletes its neighbours', async () => {
    const known = [...rows.values()];
    rows.set(OF_SECOND, { id: OF_SECOND, revision: 'other', n: 7 });

    const { changed, failures } = await removeRecords(use, known);

    expect([changed, failures.size, [...rows.keys()]]).toEqual([[OF_SECOND], 0, [OF_SECOND]]);
  });

  it('succeeds if a record is gone already', async () => {
    const known = [...rows.values()];
    rows.delete(OF_SECOND);

    const { changed, failures } = await removeRecords(use, known);

    expect([changed, failures.size, rows.size]).toEqual([[], 0, 0]);
  });
});
