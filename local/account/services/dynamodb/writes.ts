import { list, type Mapping, mapping } from '../../../json.ts';
import { ServiceError } from '../../response.ts';
import { parseCondition } from './conditions.ts';
import {
  type Context,
  checkIndexKeys,
  exactKeyText,
  itemOf,
  keyText,
  type Table,
  tableNamed,
} from './tables.ts';
import { Placeholders } from './tokens.ts';
import { checkKeyUnchanged, parseUpdate } from './updates.ts';
import { checkSize, type Item, invalid } from './values.ts';

const MAX_BATCH_WRITES = 25;

/** A write whose condition was checked, so that several can be applied together. */
export interface Write {
  readonly table: Table;
  readonly key: string;
  readonly before: Item | undefined;
  /** Undefined deletes the item; the same as before leaves it. */
  readonly after: Item | undefined;
}

/** Why a condition failed. With `ReturnValuesOnConditionCheckFailure` it carries the item. */
export class ConditionFailed extends ServiceError {
  readonly write: Write;

  constructor(write: Write, { ReturnValuesOnConditionCheckFailure: returned }: Mapping) {
    const members = returned === 'ALL_OLD' && write.before ? { Item: write.before } : {};
    super('ConditionalCheckFailedException', 'The conditional request failed', 400, members);
    this.write = write;
  }
}

export function preparePut(input: Mapping, { state }: Context): Write {
  const table = tableNamed(input['TableName'], state);
  const item = itemOf(input['Item']);
  const key = keyText(table, item);
  checkItem(table, item);
  return checked(input, { table, key, before: table.items.get(key), after: item }, placeholdersOf(input));
}

export function prepareDelete(input: Mapping, { state }: Context): Write {
  const table = tableNamed(input['TableName'], state);
  const key = exactKeyText(table, itemOf(input['Key']));
  return checked(
    input,
    { table, key, before: table.items.get(key), after: undefined },
    placeholdersOf(input),
  );
}

/** An update of an item that does not exist creates it. */
export function prepareUpdate(input: Mapping, { state }: Context): Write {
  const table = tableNamed(input['TableName'], state);
  const given = itemOf(input['Key']);
  const key = exactKeyText(table, given);
  const before = table.items.get(key);
  const placeholders = placeholdersOf(input);
  const { UpdateExpression: expression } = input;
  const update = expression === undefined ? undefined : parseUpdate(String(expression), placeholders);
  checked(input, { table, key, before, after: before }, placeholders);
  const after = update ? update(before ?? given) : (before ?? given);
  checkKeyUnchanged(given, after, Object.keys(given));
  checkItem(table, after);
  return { table, key, before, after };
}

export function prepareCheck(input: Mapping, { state }: Context): Write {
  const table = tableNamed(input['TableName'], state);
  const key = exactKeyText(table, itemOf(input['Key']));
  const before = table.items.get(key);
  return checked(input, { table, key, before, after: before }, placeholdersOf(input));
}

function placeholdersOf(input: Mapping): Placeholders {
  return new Placeholders(input['ExpressionAttributeNames'], input['ExpressionAttributeValues']);
}

function checkItem(table: Table, item: Item): void {
  checkIndexKeys(table, item);
  checkSize(item);
}

function checked(input: Mapping, write: Write, placeholders: Placeholders): Write {
  const { ConditionExpression: expression } = input;
  const condition =
    expression === undefined
      ? undefined
      : parseCondition('ConditionExpression', String(expression), placeholders);
  placeholders.checkAllUsed();
  if (!condition || condition(write.before ?? {})) return write;
  throw new ConditionFailed(write, input);
}

export function apply({ table, key, after }: Write): void {
  if (after) table.items.set(key, after);
  else table.items.delete(key);
}

/** The operation with its `ReturnValues`. */
export function single(prepare: (input: Mapping, context: Context) => Write) {
  return (input: Mapping, context: Context): Mapping => {
    const write = prepare(input, context);
    apply(write);
    const returned = returnedItem(String(input['ReturnValues'] ?? 'NONE'), write);
    return returned ? { Attributes: returned } : {};
  };
}

function returnedItem(which: string, { before = {}, after = {} }: Write): Item | undefined {
  if (which === 'ALL_OLD') return Object.keys(before).length > 0 ? before : undefined;
  if (which === 'ALL_NEW') return after;
  if (which === 'UPDATED_NEW') return changedMembers(after, before);
  return which === 'UPDATED_OLD' ? changedMembers(before, after) : undefined;
}

function changedMembers(item: Item, other: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name, value]) => other[name] !== value));
}

/** Puts and deletes without conditions. */
export function batchWriteItem(input: Mapping, context: Context): Mapping {
  const requests = Object.entries(mapping(input['RequestItems'])).flatMap(([TableName, writes]) =>
    list(writes).map((one) => ({ TableName, ...mapping(one) })),
  );
  if (requests.length === 0 || requests.length > MAX_BATCH_WRITES)
    throw invalid('Too many items requested for the BatchWriteItem call');
  const writes = requests.map(({ TableName, ...request }) =>
    prepareBatched(String(TableName), request, context),
  );
  if (new Set(writes.map(({ table, key }) => `${table.name} ${key}`)).size !== writes.length)
    throw invalid('Provided list of item keys contains duplicates');
  for (const write of writes) apply(write);
  return { UnprocessedItems: {} };
}

function prepareBatched(TableName: string, request: Mapping, context: Context): Write {
  const { PutRequest: put, DeleteRequest: deletion } = request;
  return put === undefined
    ? prepareDelete({ TableName, ...mapping(deletion) }, context)
    : preparePut({ TableName, ...mapping(put) }, context);
}
