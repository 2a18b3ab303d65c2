import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { hasName, RetryableError } from '../errors.ts';
import { dynamo, type RecordDraft, toRecord, type VersionedRecord } from './dynamodb.ts';
import { backOff, MAX_ROUNDS, unchangedSince, withRevision } from './record-writes.ts';

export interface RecordTable {
  readonly table: string;
  readonly signal: AbortSignal;
}

/** The partition key first, then the sort key where the table has one. */
export type RecordKey = Readonly<Record<string, string>>;

/** A record as it is now, and whether this call wrote it. */
export interface UpdatedRecord<R> {
  readonly record: R | undefined;
  readonly wrote: boolean;
}

/**
 * Reads one record, decides, and writes on condition that nobody wrote in between; if somebody did, decides again. A
 * record that carries our own new revision is our write whose answer was lost.
 *
 * @param start the record as it was read already; reads it when absent
 * @throws RetryableError when others kept writing it
 */
export async function updateRecord<R extends VersionedRecord>(
  use: RecordTable,
  key: RecordKey,
  update: (known: R | undefined) => RecordDraft<R> | undefined,
  start?: { readonly known: R | undefined },
): Promise<UpdatedRecord<R>> {
  let known = start ? start.known : await readRecord<R>(use, key);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await backOff(round, use.signal);
    const draft = update(known);
    if (!draft) return { record: known, wrote: false };
    const next = withRevision<R>(draft);
    if (await put(use, key, next, known?.revision)) return { record: next, wrote: true };
    known = await readRecord<R>(use, key);
    if (known?.revision === next.revision) return { record: known, wrote: true };
  }
  const name = Object.values(key).join('/');
  throw new RetryableError(`the record ${name} could not be written: others kept writing it`);
}

async function readRecord<R>({ table, signal }: RecordTable, key: RecordKey): Promise<R | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: marshall(key), ConsistentRead: true });
  const { Item: item } = await dynamo.send(command, { abortSignal: signal });
  return item && toRecord<R>(item);
}

/** @returns false when the record is no longer as it was read */
async function put(
  { table, signal }: RecordTable,
  key: RecordKey,
  next: VersionedRecord,
  expected: string | undefined,
): Promise<boolean> {
  const [partitionKey = ''] = Object.keys(key);
  const command = new PutItemCommand({
    TableName: table,
    Item: marshall(next, { removeUndefinedValues: true }),
    ...unchangedSince(partitionKey, expected),
  });
  try {
    await dynamo.send(command, { abortSignal: signal });
    return true;
  } catch (error) {
    if (hasName(error, 'ConditionalCheckFailedException')) return false;
    throw error;
  }
}
