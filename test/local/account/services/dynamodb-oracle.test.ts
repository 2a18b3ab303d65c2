import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPython } from '../../../../local/python/find.ts';
import { type Fixture, openAccount } from '../fixture.ts';

/** The same random requests to our tables and to moto's. A seed makes every run the same. */
const OPERATIONS = 400;

let fixture: Fixture;
let moto: ChildProcess;
let clients: { readonly ours: DynamoDBClient; readonly theirs: DynamoDBClient };

beforeAll(async () => {
  fixture = await openAccount();
  const server = join(import.meta.dirname, '../../../../local/account/moto/server.py');
  moto = spawn(await findPython(() => {}), [server, '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(moto.stdout ?? moto, 'data');
  const endpoint = `http://127.0.0.1:${JSON.parse(String(line)).port}`;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  clients = {
    ours: fixture.client(DynamoDBClient),
    theirs: new DynamoDBClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 }),
  };
});
afterAll(async () => {
  moto?.kill('SIGKILL');
  await fixture?.account.close();
});

const TableName = 'things';

function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const random = createRandom(20_261);
const pick = <T>(...choices: readonly T[]): T => choices[random(choices.length)] ?? pick(...choices);
/** No two items have the same number, because items of an index with equal sort keys have no order. */
const randomKey = () => {
  const r = random(8);
  return marshall({ k: r < 4 ? 'a' : 'b', r });
};
const randomMembers = () => ({
  ...(random(2) === 0 && { n: { N: `${random(4)}` } }),
  ...(random(2) === 0 && { note: { S: pick('x', 'xy', 'z') } }),
  ...(random(2) === 0 && { tier: { S: pick('open', 'closed') } }),
});

/** Values of every placeholder, of which an expression gets those that it uses. */
const values: Readonly<Record<string, object>> = {
  ':one': { N: '1' },
  ':two': { N: '2' },
  ':x': { S: 'x' },
  ':open': { S: 'open' },
};

function withExpression(member: string, text: string): object {
  const used = Object.entries(values).filter(([name]) => new RegExp(`${name}\\b`).test(text));
  return { [member]: text, ...(used.length > 0 && { ExpressionAttributeValues: Object.fromEntries(used) }) };
}

const randomTest = () =>
  pick(
    'attribute_not_exists(k)',
    'attribute_exists(note)',
    'n = :one',
    'n > :one',
    'n <= :two',
    'n BETWEEN :one AND :two',
    'n IN (:one, :two)',
    'begins_with(note, :x)',
    'contains(note, :x)',
    'tier = :open',
    'tier <> :open',
  );

function randomCondition(): string {
  const combined = pick(
    'A',
    'A',
    'NOT A',
    'A AND B',
    'A OR B',
    'A OR B AND C',
    '(A OR B) AND C',
    'NOT (A AND B)',
  );
  return combined.replace(/[ABC]\b/g, (letter) => (/^[ABC]$/.test(letter) ? randomTest() : letter));
}

const randomUpdate = () =>
  pick(
    'ADD n :one',
    'SET n = if_not_exists(n, :one) + :two',
    'SET note = :x REMOVE tier',
    'REMOVE note, n',
    'SET tier = :open',
  );

const maybeCondition = () =>
  random(2) === 0 ? withExpression('ConditionExpression', randomCondition()) : {};
const randomPut = () => ({ TableName, Item: { ...randomKey(), ...randomMembers() }, ...maybeCondition() });
const randomDelete = () => ({ TableName, Key: randomKey(), ...maybeCondition() });

function randomOperation() {
  switch (random(7)) {
    case 0:
    case 1:
      return new PutItemCommand({ ...randomPut(), ReturnValues: pick('NONE', 'ALL_OLD') });
    case 2:
      return new UpdateItemCommand({
        TableName,
        Key: randomKey(),
        ...withExpression('UpdateExpression', randomUpdate()),
        ReturnValues: pick('ALL_NEW', 'ALL_OLD', 'NONE'),
      });
    case 3:
      return new DeleteItemCommand(randomDelete());
    case 4:
      return randomQuery();
    case 5:
      return new TransactWriteItemsCommand({
        TransactItems: [{ Put: randomPut() }, { Delete: randomDelete() }],
      });
    default:
      return new GetItemCommand({ TableName, Key: randomKey() });
  }
}

function randomQuery(): QueryCommand {
  const ofTable = withExpression(
    'KeyConditionExpression',
    pick('k = :x', 'k = :x AND r > :one', 'k = :x AND r BETWEEN :one AND :two'),
  );
  const order = { TableName, ScanIndexForward: pick(true, false) };
  if (random(3) === 0)
    return new QueryCommand({
      ...order,
      IndexName: 'ByTier',
      ...withExpression('KeyConditionExpression', 'tier = :open'),
    });
  const limit = random(2) === 0 ? { Limit: 1 + random(3) } : {};
  return new QueryCommand({ ...order, ...limit, ...ofTable, ExpressionAttributeValues: keyValues(ofTable) });
}

/** Partitions have other names than the texts that conditions compare. */
function keyValues(input: object): Record<string, { S: string } | { N: string }> {
  const { ExpressionAttributeValues: given = {} } = input as {
    ExpressionAttributeValues?: Record<string, { N: string }>;
  };
  return { ...given, ':x': { S: pick('a', 'b') } };
}

/** Without LastEvaluatedKey: only AWS always names the last item of a page that reaches its limit. */
async function answerOf(
  client: DynamoDBClient,
  command: ReturnType<typeof randomOperation>,
): Promise<object> {
  try {
    const { Attributes, Count, Item, Items, ScannedCount } = Object(await client.send(command as never));
    return withoutUndefined({ Attributes, Count, Item, Items, ScannedCount });
  } catch (error) {
    const { name, CancellationReasons: reasons } = error as {
      name: string;
      CancellationReasons?: { Code?: string }[];
    };
    return { name, ...(reasons && { reasons: reasons.map(({ Code = 'None' }) => Code) }) };
  }
}

const withoutUndefined = (answer: object): object => JSON.parse(JSON.stringify(answer));

async function allItems(client: DynamoDBClient): Promise<unknown[]> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName }));
  return Items.map((item) =>
    JSON.stringify(Object.entries(item).toSorted(([a], [b]) => a.localeCompare(b))),
  ).toSorted();
}

test('tables answer random requests as those of moto do', async () => {
  const create = new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'k', AttributeType: 'S' },
      { AttributeName: 'r', AttributeType: 'N' },
      { AttributeName: 'tier', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'k', KeyType: 'HASH' },
      { AttributeName: 'r', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'ByTier',
        KeySchema: [
          { AttributeName: 'tier', KeyType: 'HASH' },
          { AttributeName: 'r', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  await clients.ours.send(create);
  await clients.theirs.send(create);
  const seen = new Set<string>();
  for (let i = 0; i < OPERATIONS; i++) {
    const command = randomOperation();
    const [ours, theirs] = [await answerOf(clients.ours, command), await answerOf(clients.theirs, command)];
    const asked = `${command.constructor.name} ${JSON.stringify(command.input)}`;
    expect({ asked, answer: ours }).toEqual({ asked, answer: theirs });
    if ('name' in ours) seen.add(String(ours.name));
  }
  expect(await allItems(clients.ours)).toEqual(await allItems(clients.theirs));
  expect([...seen].toSorted()).toEqual([
    'ConditionalCheckFailedException',
    'TransactionCanceledException',
    'ValidationException',
  ]);
});
