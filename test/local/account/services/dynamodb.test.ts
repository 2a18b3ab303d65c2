import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';

let fixture: Fixture;
let dynamo: DynamoDBClient;

beforeAll(async () => {
  fixture = await openAccount();
  dynamo = fixture.client(DynamoDBClient);
});
beforeEach(async () => {
  await fixture.account.reset();
  await dynamo.send(
    new CreateTableCommand({
      TableName: 'things',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'k', AttributeType: 'S' },
        { AttributeName: 'r', AttributeType: 'N' },
        { AttributeName: 'state', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'k', KeyType: 'HASH' },
        { AttributeName: 'r', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'ByState',
          KeySchema: [
            { AttributeName: 'state', KeyType: 'HASH' },
            { AttributeName: 'r', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
});
afterAll(() => fixture?.account.close());

const TableName = 'things';
const key = (r: number, k = 'a') => marshall({ k, r });
const put = (item: object, more: Partial<PutItemCommandInput> = {}) =>
  dynamo.send(new PutItemCommand({ TableName, Item: marshall(item), ...more }));
const update = (r: number, more: Partial<UpdateItemCommandInput>) =>
  dynamo.send(new UpdateItemCommand({ TableName, Key: key(r), ReturnValues: 'ALL_NEW', ...more }));
const valueOf = async (r: number): Promise<unknown> => {
  const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key: key(r) }));
  return Item && unmarshall(Item);
};

describe('a condition', () => {
  const item = {
    k: 'a',
    r: 1,
    text: 'hello',
    count: 10,
    list: ['x', { y: 2 }],
    map: { a: { b: 5 } },
    set: new Set(['s']),
  };

  // Attribute names as in the expression, because most words are reserved.
  test.each([
    ['attribute_exists(r)', true],
    ['attribute_not_exists(absent)', true],
    ['attribute_exists(#map.a.b)', true],
    ['#map.a.b = :five', true],
    ['#list[1].y = :two', true],
    ['#list[7] = :two', false],
    ['#count > :two', true],
    ['#count < :two', false],
    ['#count >= :ten AND #count <= :ten', true],
    ['#count BETWEEN :two AND :ten', true],
    ['#count IN (:two, :five)', false],
    ['#count IN (:two, :ten)', true],
    ['begins_with(#text, :he)', true],
    ['contains(#text, :he)', true],
    ['contains(#set, :s)', true],
    ['contains(#list, :s)', false],
    ['size(#text) = :five', true],
    ['attribute_type(#text, :S)', true],
    ['absent = :two', false],
    ['absent <> :two', true],
    ['#text > :two', false],
    ['NOT #count = :two', true],
    // NOT before AND before OR.
    ['#count = :ten OR #count = :two AND #count = :five', true],
    ['(#count = :ten OR #count = :two) AND #count = :five', false],
    ['not #count = :ten or #count = :two', false],
  ])('%s is %s', async (text, expected) => {
    await put(item);
    const names = { '#text': 'text', '#count': 'count', '#list': 'list', '#map': 'map', '#set': 'set' };
    const values = marshall({ ':two': 2, ':five': 5, ':ten': 10, ':he': 'he', ':s': 's', ':S': 'S' });
    const used = <T>(all: Record<string, T>) => {
      const found = Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(text));
      return found.length === 0 ? undefined : Object.fromEntries(found);
    };
    const check = put(item, {
      ConditionExpression: text,
      ExpressionAttributeNames: used(names),
      ExpressionAttributeValues: used(values),
    });
    const error = await check.then(
      () => undefined,
      (thrown: Error) => thrown.name,
    );
    expect(error).toBe(expected ? undefined : 'ConditionalCheckFailedException');
  });

  test.each([
    ['a reserved word', { ConditionExpression: 'attribute_exists(list)' }, /reserved keyword: list/],
    [
      'a name that is not given',
      { ConditionExpression: 'attribute_exists(#x)' },
      /not defined; attribute name: #x/,
    ],
    ['a value that is not given', { ConditionExpression: 'k = :x' }, /not defined; attribute value: :x/],
    [
      'a name that is not used',
      { ConditionExpression: 'attribute_exists(k)', ExpressionAttributeNames: { '#x': 'k' } },
      /ExpressionAttributeNames unused in expressions: keys: \{#x\}/,
    ],
    [
      'a value that is not used',
      { ConditionExpression: 'attribute_exists(k)', ExpressionAttributeValues: { ':x': { S: 'a' } } },
      /ExpressionAttributeValues unused in expressions: keys: \{:x\}/,
    ],
    [
      'half an expression',
      { ConditionExpression: 'attribute_exists(k) AND' },
      /Invalid ConditionExpression: Syntax error/,
    ],
    ['text that is none', { ConditionExpression: 'k ! r' }, /Invalid ConditionExpression: Syntax error/],
  ])('with %s is refused', async (_, more, message) => {
    const error = await errorOf(put({ k: 'a', r: 1 }, more));
    expect(error).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
    expect(await valueOf(1)).toBeUndefined();
  });

  test('that failed returns the item if asked', async () => {
    await put({ k: 'a', r: 1, n: 7 });
    const more = { ConditionExpression: 'attribute_not_exists(k)' };
    expect(await errorOf(put({ k: 'a', r: 1 }, more))).toMatchObject({ Item: undefined });
    const asked = put({ k: 'a', r: 1 }, { ...more, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
    expect(await errorOf(asked)).toMatchObject({ Item: { n: { N: '7' } } });
  });
});

describe('an update', () => {
  test('creates an item, counts, appends and removes', async () => {
    await update(1, { UpdateExpression: 'ADD n :one', ExpressionAttributeValues: marshall({ ':one': 1 }) });
    expect(await valueOf(1)).toEqual({ k: 'a', r: 1, n: 1 });
    const { Attributes = {} } = await update(1, {
      UpdateExpression:
        'SET n = n + :one, later = if_not_exists(later, :one), many = list_append(if_not_exists(many, :none), :some) REMOVE gone',
      ExpressionAttributeValues: marshall({ ':one': 1, ':none': [], ':some': ['x'] }),
    });
    expect(unmarshall(Attributes)).toEqual({ k: 'a', r: 1, n: 2, later: 1, many: ['x'] });
    await update(1, {
      UpdateExpression: 'SET many[0] = :y, n = n - :one',
      ExpressionAttributeValues: marshall({ ':y': 'y', ':one': 1 }),
    });
    await update(1, { UpdateExpression: 'REMOVE later' });
    expect(await valueOf(1)).toEqual({ k: 'a', r: 1, n: 1, many: ['y'] });
  });

  test('of a set adds and deletes members, and an empty set is gone', async () => {
    const change = (text: string, ...members: string[]) =>
      update(1, { UpdateExpression: text, ExpressionAttributeValues: marshall({ ':m': new Set(members) }) });
    await change('ADD members :m', 'a', 'b');
    await change('ADD members :m', 'b', 'c');
    expect(await valueOf(1)).toEqual({ k: 'a', r: 1, members: new Set(['a', 'b', 'c']) });
    await change('DELETE members :m', 'a', 'c', 'other');
    expect(await valueOf(1)).toEqual({ k: 'a', r: 1, members: new Set(['b']) });
    await change('DELETE members :m', 'b');
    expect(await valueOf(1)).toEqual({ k: 'a', r: 1 });
  });

  test.each([
    ['a key', 'SET k = :v', /Cannot update attribute k/],
    ['a number that is missing', 'SET n = n + :v', /does not exist in the item/],
    [
      'a place in a map that is missing',
      'SET a.b = :v',
      /document path provided in the update expression is invalid/,
    ],
    ['with an unknown function', 'SET n = double(:v)', /Invalid function name/],
  ])('of %s is refused', async (_, text, message) => {
    await put({ k: 'a', r: 1 });
    const error = await errorOf(
      update(1, { UpdateExpression: text, ExpressionAttributeValues: marshall({ ':v': 1 }) }),
    );
    expect(error).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
  });
});

describe('an item', () => {
  test.each([
    ['without a part of its key', { k: 'a' }, /Missing the key r/],
    ['with a key of another type', { k: 'a', r: 'one' }, /Type mismatch for key r expected: N actual: S/],
    ['with an empty key', { k: '', r: 1 }, /cannot contain an empty string value. Key: k/],
    ['with an index key of another type', { k: 'a', r: 1, state: 5 }, /Type mismatch for key state/],
    [
      'above 400 KB',
      { k: 'a', r: 1, text: 'x'.repeat(400 * 1024) },
      /Item size has exceeded the maximum allowed size/,
    ],
  ])('%s is refused', async (_, item, message) => {
    const error = await errorOf(put(item));
    expect(error).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
  });

  test('is found by an equal number, however it is written', async () => {
    await put({ k: 'a', r: 1 });
    const Key = { k: { S: 'a' }, r: { N: '1.0' } };
    await dynamo.send(new DeleteItemCommand({ TableName, Key }));
    expect(await valueOf(1)).toBeUndefined();
  });
});

describe('a query', () => {
  beforeEach(async () => {
    for (const r of [10, 9, 100]) await put({ k: 'a', r, state: 'open', text: 'é'.repeat(r) });
    await put({ k: 'b', r: 50, state: 'open' });
    await put({ k: 'b', r: 51 });
  });
  const query = async (input: object): Promise<{ numbers: unknown[]; last: unknown }> => {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(new QueryCommand({ TableName, ...input }));
    return {
      numbers: Items.map((item) => unmarshall(item).r),
      last: LastEvaluatedKey && unmarshall(LastEvaluatedKey),
    };
  };
  const ofA = { KeyConditionExpression: 'k = :k', ExpressionAttributeValues: marshall({ ':k': 'a' }) };
  const open = {
    IndexName: 'ByState',
    KeyConditionExpression: '#state = :open',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: marshall({ ':open': 'open' }),
  };

  test('sorts by the number, not by its text, and backwards on demand', async () => {
    expect((await query(ofA)).numbers).toEqual([9, 10, 100]);
    expect((await query({ ...ofA, ScanIndexForward: false })).numbers).toEqual([100, 10, 9]);
  });

  test('pages, and the limit counts before the filter', async () => {
    const filter = {
      FilterExpression: 'r > :n',
      ExpressionAttributeValues: marshall({ ':k': 'a', ':n': 9 }),
    };
    const first = await query({ ...ofA, ...filter, Limit: 2 });
    expect(first).toEqual({ numbers: [10], last: { k: 'a', r: 10 } });
    const rest = await query({
      ...ofA,
      ...filter,
      Limit: 2,
      ExclusiveStartKey: marshall(Object(first.last)),
    });
    expect(rest).toEqual({ numbers: [100], last: undefined });
  });

  test('of an index has only items with its attributes, and their whole key in the last one', async () => {
    expect((await query(open)).numbers).toEqual([9, 10, 50, 100]);
    expect(await query({ ...open, Limit: 1 })).toEqual({
      numbers: [9],
      last: { k: 'a', r: 9, state: 'open' },
    });
    expect(await errorOf(query({ ...open, ConsistentRead: true }))).toMatchObject({
      name: 'ValidationException',
    });
    expect(await errorOf(query({ ...open, IndexName: 'Other' }))).toMatchObject({
      name: 'ValidationException',
    });
  });

  test('returns a megabyte at most', async () => {
    for (let r = 1; r <= 4; r++) await put({ k: 'big', r, text: 'x'.repeat(390 * 1024) });
    const ofBig = { ...ofA, ExpressionAttributeValues: marshall({ ':k': 'big' }) };
    expect(await query(ofBig)).toEqual({ numbers: [1, 2], last: { k: 'big', r: 2 } });
  });

  test('returns the attributes that are asked for, and counts', async () => {
    await put({ k: 'c', r: 1, map: { a: 1, b: 2 }, other: 3 });
    const input = {
      ...ofA,
      ExpressionAttributeValues: marshall({ ':k': 'c' }),
      ExpressionAttributeNames: { '#map': 'map' },
      ProjectionExpression: 'r, #map.b, absent',
    };
    const { Items = [] } = await dynamo.send(new QueryCommand({ TableName, ...input }));
    expect(Items.map((item) => unmarshall(item))).toEqual([{ r: 1, map: { b: 2 } }]);
    const counted = await dynamo.send(new ScanCommand({ TableName, Select: 'COUNT' }));
    expect(counted).toMatchObject({ Count: 6, ScannedCount: 6 });
    expect(counted.Items).toBeUndefined();
  });
});

describe('a batch', () => {
  test('of reads returns what there is, and rejects a repeated key', async () => {
    await put({ k: 'a', r: 1 });
    const get = (...keys: number[]) =>
      dynamo.send(
        new BatchGetItemCommand({
          RequestItems: { things: { Keys: keys.map((r) => key(r)), ConsistentRead: true } },
        }),
      );
    expect((await get(1, 2)).Responses).toEqual({ things: [key(1)] });
    expect(await errorOf(get(1, 1))).toMatchObject({ name: 'ValidationException' });
    const many = Array.from({ length: 101 }, (_, r) => r);
    expect(await errorOf(get(...many))).toMatchObject({ name: 'ValidationException' });
  });

  test('of reads leaves what does not fit into 16 MB', async () => {
    const keys = Array.from({ length: 45 }, (_, r) => key(r));
    for (const one of keys) await put({ ...unmarshall(one), text: 'x'.repeat(390 * 1024) });
    const { Responses, UnprocessedKeys } = await dynamo.send(
      new BatchGetItemCommand({ RequestItems: { things: { Keys: keys } } }),
    );
    const left = UnprocessedKeys?.['things']?.Keys ?? [];
    expect(left.length).toBeGreaterThan(0);
    expect(left.length + (Responses?.['things']?.length ?? 0)).toBe(45);
  });

  test('of writes puts and deletes, 25 at most and each item once', async () => {
    await put({ k: 'a', r: 1 });
    const write = (...requests: object[]) =>
      dynamo.send(new BatchWriteItemCommand({ RequestItems: { things: requests } }));
    await write({ DeleteRequest: { Key: key(1) } }, { PutRequest: { Item: key(2) } });
    expect([await valueOf(1), await valueOf(2)]).toEqual([undefined, { k: 'a', r: 2 }]);
    const puts = Array.from({ length: 26 }, (_, r) => ({ PutRequest: { Item: key(r) } }));
    expect(await errorOf(write(...puts))).toMatchObject({ name: 'ValidationException' });
    expect(await errorOf(write(puts[0] ?? {}, puts[0] ?? {}))).toMatchObject({ name: 'ValidationException' });
  });
});

describe('a transaction', () => {
  const count = {
    Update: {
      TableName,
      Key: key(0),
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: marshall({ ':one': 1 }),
    },
  };
  const create = (r: number) => ({
    Put: {
      TableName,
      Item: key(r),
      ConditionExpression: 'attribute_not_exists(k)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    },
  });
  const transact = (r: number, ClientRequestToken?: string) =>
    dynamo.send(new TransactWriteItemsCommand({ ClientRequestToken, TransactItems: [count, create(r)] }));

  test('is applied once per token for ten minutes', async () => {
    await transact(1, 'token');
    await transact(1, 'token');
    expect(await valueOf(0)).toMatchObject({ n: 1 });
    expect(await errorOf(transact(2, 'token'))).toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
    fixture.clock.skip(601_000);
    await transact(2, 'token');
    expect(await valueOf(0)).toMatchObject({ n: 2 });
  });

  test('writes nothing if one condition fails, and says which', async () => {
    await transact(1);
    expect(await errorOf(transact(1))).toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: key(1) }],
    });
    const check = { TableName, Key: key(9), ConditionExpression: 'attribute_exists(k)' };
    const refused = new TransactWriteItemsCommand({
      TransactItems: [count, { Delete: { TableName, Key: key(1) } }, create(3), { ConditionCheck: check }],
    });
    expect(await errorOf(dynamo.send(refused))).toMatchObject({ name: 'TransactionCanceledException' });
    expect([await valueOf(0), await valueOf(1), await valueOf(3)]).toMatchObject([
      { n: 1 },
      { r: 1 },
      undefined,
    ]);
  });

  test('has 100 items at most, each once', async () => {
    const many = Array.from({ length: 101 }, (_, r) => create(r));
    const send = (TransactItems: object[]) => dynamo.send(new TransactWriteItemsCommand({ TransactItems }));
    expect(await errorOf(send(many))).toMatchObject({ name: 'ValidationException' });
    expect(await errorOf(send([create(1), create(1)]))).toMatchObject({ name: 'ValidationException' });
    await send(many.slice(0, 100));
    const { Responses = [] } = await dynamo.send(
      new TransactGetItemsCommand({
        TransactItems: [99, 100].map((r) => ({ Get: { TableName, Key: key(r) } })),
      }),
    );
    expect(Responses.map(({ Item }) => Item)).toEqual([key(99), undefined]);
  });
});

test('a table that exists, or does not, is an error', async () => {
  const error = await errorOf(dynamo.send(new ScanCommand({ TableName: 'none' })));
  expect(error).toMatchObject({ name: 'ResourceNotFoundException' });
  const definition = {
    TableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' as const }],
    KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' as const }],
  };
  expect(await errorOf(dynamo.send(new CreateTableCommand(definition)))).toMatchObject({
    name: 'ResourceInUseException',
  });
  const unused = [...definition.AttributeDefinitions, { AttributeName: 'x', AttributeType: 'S' as const }];
  const other = new CreateTableCommand({ ...definition, TableName: 'other', AttributeDefinitions: unused });
  expect(await errorOf(dynamo.send(other))).toMatchObject({ name: 'ValidationException' });
});
