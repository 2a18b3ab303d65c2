import {
  type TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { chunk, mapLimit } from '../concurrency.ts';
import { hasName, RetryableError } from '../errors.ts';
import {
  CALLS_AT_ONCE,
  dynamo,
  type KnownRecords,
  keyOf,
  MAX_BATCH_ITEMS,
  type RecordDraft,
  type Records,
  type VersionedRecord,
} from './dynamodb.ts';
import { backOff, MAX_ROUNDS, unchangedSince, withRevision } from './record-writes.ts';
import { readGroup } from './records.ts';

/** What a record should become; undefined leaves it as it is. Called again with fresh state when a write was overtaken. */
export type RecordUpdate<R extends VersionedRecord> = (
  known: R | undefined,
  key: string,
) => RecordDraft<R> | undefined;

/** Every key is in exactly one of the two. */
export interface UpdateResult<R extends VersionedRecord> {
  /** The record as it is now; undefined where there is none. */
  readonly records: ReadonlyMap<string, R | undefined>;
  /** What kept the record from being read or written. */
  readonly failures: ReadonlyMap<string, unknown>;
}

interface Progress<R extends VersionedRecord> {
  known: Map<string, R>;
  readonly records: Map<string, R | undefined>;
  readonly failures: Map<string, unknown>;
}

/**
 * Reads, decides, and writes on condition that nobody wrote in between. Batches conditional writes in transactions of
 * 100, since no other DynamoDB call batches conditions; a record that a stale neighbour took down is sent again.
 * A call that fails costs only its own records: the others are written and reported.
 *
 * @param start records that were read already; reads them when absent
 */
export async function updateRecords<R extends VersionedRecord>(
  use: Records<R>,
  keys: readonly string[],
  update: RecordUpdate<R>,
  start?: KnownRecords<R>,
): Promise<UpdateResult<R>> {
  const progress: Progress<R> = { known: new Map(start), records: new Map(), failures: new Map() };
  if (!start) await refresh(use, progress, keys);
  let open = keys.filter((key) => !progress.failures.has(key));
  for (let round = 0; open.length > 0 && round < MAX_ROUNDS; round++) {
    await backOff(round, use.signal);
    open = await writeRound(use, progress, open, update);
  }
  for (const key of open) progress.failures.set(key, overtakenError(key, 'written'));
  return progress;
}

/** @returns the keys that are still open */
async function writeRound<R extends VersionedRecord>(
  use: Records<R>,
  progress: Progress<R>,
  keys: readonly string[],
  update: RecordUpdate<R>,
): Promise<string[]> {
  const writes = decideWrites(progress, keys, update);
  const outcomes = await transact(use, writes, ({ expected, next }) => ({
    Put: {
      TableName: use.table,
      Item: marshall(next, { removeUndefinedValues: true }),
      ...unchangedSince(use.key, expected),
    },
  }));
  for (const { item, code, error } of outcomes) {
    if (code === 'written') progress.records.set(item.key, item.next);
    if (code === 'failed') progress.failures.set(item.key, error);
  }
  const stale = outcomes.filter(({ code }) => code === 'stale').map(({ item }) => item);
  if (stale.length > 0) await readOvertaken(use, progress, stale);
  const again = outcomes.filter(({ code }) => code === 'again').map(({ item }) => item);
  return [...stale, ...again]
    .map(({ key }) => key)
    .filter((key) => !progress.records.has(key) && !progress.failures.has(key));
}

interface Write<R> {
  readonly key: string;
  readonly expected: string | undefined;
  readonly next: R;
}

function decideWrites<R extends VersionedRecord>(
  { known, records }: Progress<R>,
  keys: readonly string[],
  update: RecordUpdate<R>,
): Write<R>[] {
  const writes: Write<R>[] = [];
  for (const key of keys) {
    const before = known.get(key);
    const draft = update(before, key);
    if (draft) writes.push({ key, expected: before?.revision, next: withRevision<R>(draft) });
    else records.set(key, before);
  }
  return writes;
}

/** A record that carries our own new revision is our write whose answer was lost. */
async function readOvertaken<R extends VersionedRecord>(
  use: Records<R>,
  progress: Progress<R>,
  stale: readonly Write<R>[],
): Promise<void> {
  await refresh(
    use,
    progress,
    stale.map(({ key }) => key),
  );
  for (const { key, next } of stale) {
    if (progress.known.get(key)?.revision === next.revision) progress.records.set(key, next);
  }
}

async function refresh<R extends VersionedRecord>(
  use: Records<R>,
  { known, failures }: Progress<R>,
  keys: readonly string[],
): Promise<void> {
  await mapLimit(chunk([...new Set(keys)], MAX_BATCH_ITEMS), CALLS_AT_ONCE, async (group) => {
    try {
      const found = await readGroup(use, group);
      for (const key of group) known.delete(key);
      for (const record of found) known.set(keyOf(use, record), record);
    } catch (error) {
      for (const key of group) failures.set(key, error);
    }
  });
}

/** Every record is deleted, or in exactly one of the two. */
export interface RemoveResult {
  /** The keys of records that somebody changed in between, which stay. */
  readonly changed: readonly string[];
  /** What kept a record from being deleted. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/** Deletes each record that is still as it was read. A call that fails costs only its own records. */
export async function removeRecords<R extends VersionedRecord>(
  use: Records<R>,
  gone: readonly R[],
): Promise<RemoveResult> {
  const changed: string[] = [];
  const failures = new Map<string, unknown>();
  let open = gone;
  for (let round = 0; open.length > 0 && round < MAX_ROUNDS; round++) {
    await backOff(round, use.signal);
    const outcomes = await transact(use, open, (record) => ({
      Delete: {
        TableName: use.table,
        Key: marshall({ [use.key]: keyOf(use, record) }),
        ...unchangedSince(use.key, record.revision),
      },
    }));
    for (const { item, code, error } of outcomes)
      if (code === 'failed') failures.set(keyOf(use, item), error);
    const stale = outcomes.filter(({ code }) => code === 'stale').map(({ item }) => keyOf(use, item));
    changed.push(...(await stillThere(use, stale, failures)));
    open = outcomes.filter(({ code }) => code === 'again').map(({ item }) => item);
  }
  for (const record of open) failures.set(keyOf(use, record), overtakenError(keyOf(use, record), 'deleted'));
  return { changed, failures };
}

/** A repeated delete fails its condition too: only what is still there was changed by somebody. */
async function stillThere<R extends VersionedRecord>(
  use: Records<R>,
  stale: readonly string[],
  failures: Map<string, unknown>,
): Promise<string[]> {
  const found: string[] = [];
  for (const group of chunk(stale, MAX_BATCH_ITEMS)) {
    try {
      found.push(...(await readGroup(use, group)).map((record) => keyOf(use, record)));
    } catch (error) {
      for (const key of group) failures.set(key, error);
    }
  }
  return found;
}

function overtakenError(key: string, done: 'written' | 'deleted'): RetryableError {
  return new RetryableError(`the record ${key} could not be ${done}: others kept writing it`);
}

interface Outcome<T> {
  readonly item: T;
  /** `stale`: somebody wrote it in between. `again`: it was taken down by another of its transaction. */
  readonly code: 'written' | 'stale' | 'again' | 'failed';
  readonly error?: unknown;
}

async function transact<T>(
  use: { readonly signal: AbortSignal },
  items: readonly T[],
  write: (item: T) => TransactWriteItem,
): Promise<Outcome<T>[]> {
  const groups = await mapLimit(chunk(items, MAX_BATCH_ITEMS), CALLS_AT_ONCE, (group) =>
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
    if (!isCancelled(error)) return group.map((item) => ({ item, code: 'failed', error }));
    const reasons = error.CancellationReasons ?? [];
    return group.map((item, i) => ({
      item,
      code: reasons[i]?.Code === 'ConditionalCheckFailed' ? 'stale' : 'again',
    }));
  }
}

function isCancelled(error: unknown): error is TransactionCanceledException {
  return hasName(error, 'TransactionCanceledException');
}
