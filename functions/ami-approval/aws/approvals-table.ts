import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { createClient } from '#shared/aws/client.ts';
import { hasName, RetryableError } from '#shared/errors.ts';
import type { Approval, Draft, Key } from '../domain/approval-record.ts';
import type { Failure, Findings } from '../domain/scan-findings.ts';

const dynamo = createClient(DynamoDBClient, { deadlineMs: 8_000 });

const ROUNDS = 5;

export interface TableUse {
  readonly table: string;
  readonly signal: AbortSignal;
}

/** Everything that the table knows of one image build. */
export interface Shelf {
  readonly approvals: readonly Approval[];
  readonly findings: Findings | undefined;
  readonly failure: Failure | undefined;
}

/** A record as it is now, and whether this call is what made it so. */
export interface Amended<T> {
  readonly record: T | undefined;
  readonly wrote: boolean;
}

/** What a record should become; undefined leaves it as it is. Called again with fresh state when a write was overtaken. */
export type Mutation<T extends Stored> = (known: T | undefined) => Draft<T> | undefined;

type Stored = Key & { readonly revision: string };

/** Reads strongly consistent: a vote is judged by what is there. */
export async function readShelf({ table, signal }: TableUse, image: string): Promise<Shelf> {
  const command = new QueryCommand({
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'image = :image',
    ExpressionAttributeValues: { ':image': { S: image } },
  });
  const { Items = [] } = await dynamo.send(command, { abortSignal: signal });
  const items = Items.map((item) => fromItem<Stored>(item));
  return {
    approvals: items.filter(isApproval),
    findings: items.find((item): item is Findings => item.part === 'findings'),
    failure: items.find((item): item is Failure => item.part === 'failure'),
  };
}

/** Every request with something left to do, by an index that holds no others. It may lag by a second. */
export async function listOpen({ table, signal }: TableUse): Promise<Approval[]> {
  const found: Approval[] = [];
  let next: Item | undefined;
  do {
    const command: QueryCommand = new QueryCommand({
      TableName: table,
      IndexName: 'OpenRequests',
      KeyConditionExpression: '#open = :open',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':open': { S: 'open' } },
      ...(next && { ExclusiveStartKey: next }),
    });
    const { Items = [], LastEvaluatedKey } = await dynamo.send(command, { abortSignal: signal });
    found.push(...Items.map((item) => fromItem<Approval>(item)));
    next = LastEvaluatedKey;
  } while (next);
  return found;
}

/**
 * Reads, decides, and writes on condition that nobody wrote in between; when somebody did, decides once more. A record
 * that carries our own new revision is our write whose answer was lost.
 *
 * @param start the record as it was read already; undefined reads it
 */
export async function amend<T extends Stored>(
  use: TableUse,
  key: Key,
  mutate: Mutation<T>,
  start?: { readonly known: T | undefined },
): Promise<Amended<T>> {
  let known = start ? start.known : await read<T>(use, key);
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) await pause(Math.random() * 25 * 2 ** round, undefined, { signal: use.signal });
    const draft = mutate(known);
    if (!draft) return { record: known, wrote: false };
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: a draft is a record without its revision
    const next = { ...draft, revision: randomUUID() } as unknown as T;
    if (await put(use, next, known?.revision)) return { record: next, wrote: true };
    known = await read<T>(use, key);
    if (known?.revision === next.revision) return { record: known, wrote: true };
  }
  throw new RetryableError(
    `the record ${key.image}/${key.part} could not be written: others kept writing it`,
  );
}

async function read<T extends Stored>(
  { table, signal }: TableUse,
  { image, part }: Key,
): Promise<T | undefined> {
  const command = new GetItemCommand({
    TableName: table,
    Key: marshall({ image, part }),
    ConsistentRead: true,
  });
  const { Item: item } = await dynamo.send(command, { abortSignal: signal });
  return item && fromItem<T>(item);
}

/** False when the record is no longer as it was read. */
async function put<T extends Stored>(
  { table, signal }: TableUse,
  next: T,
  expected: string | undefined,
): Promise<boolean> {
  const command = new PutItemCommand({
    TableName: table,
    Item: marshall(next, { removeUndefinedValues: true }),
    ...unchangedSince(expected),
  });
  try {
    await dynamo.send(command, { abortSignal: signal });
    return true;
  } catch (error) {
    if (hasName(error, 'ConditionalCheckFailedException')) return false;
    throw error;
  }
}

function unchangedSince(revision: string | undefined) {
  if (revision === undefined) return { ConditionExpression: 'attribute_not_exists(image)' };
  return {
    ConditionExpression: 'revision = :revision',
    ExpressionAttributeValues: { ':revision': { S: revision } },
  };
}

type Item = Record<string, AttributeValue>;

function fromItem<T extends Stored>(item: Item): T {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: only `put` writes this table, from a record
  return unmarshall(item) as T;
}

function isApproval(item: Stored): item is Approval {
  return item.part !== 'findings' && item.part !== 'failure';
}
