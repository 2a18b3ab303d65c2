import { list, type Mapping, mapping } from '../../../json.ts';
import { ServiceError } from '../../response.ts';
import { type Condition, parseCondition } from './conditions.ts';
import { type Path, read, write } from './paths.ts';
import {
  attributesOf,
  type Context,
  exactKeyText,
  isSameKey,
  itemOf,
  type Key,
  type Table,
  tableNamed,
} from './tables.ts';
import { Placeholders, Tokens } from './tokens.ts';
import { bytesOf, compare, type Item, invalid } from './values.ts';

const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_BATCH_KEYS = 100;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

export function getItem(input: Mapping, { state }: Context): Mapping {
  const table = tableNamed(input['TableName'], state);
  const found = table.items.get(exactKeyText(table, itemOf(input['Key'])));
  const placeholders = new Placeholders(input['ExpressionAttributeNames'], undefined);
  const project = projection(input['ProjectionExpression'], placeholders);
  placeholders.checkAllUsed();
  return found ? { Item: project(found) } : {};
}

/** What does not fit into 16 MB comes back as unprocessed. */
export function batchGetItem(input: Mapping, { state }: Context): Mapping {
  const requested = Object.entries(mapping(input['RequestItems'])).map(([name, given]) =>
    readRequest(name, mapping(given), state),
  );
  if (requested.flatMap(({ keys }) => keys).length > MAX_BATCH_KEYS)
    throw invalid('Too many items requested for the BatchGetItem call');
  let room = MAX_BATCH_BYTES;
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, Mapping> = {};
  for (const { name, given, table, keys, project } of requested) {
    const items = keys.map((key) => table.items.get(exactKeyText(table, key)));
    const isRead = items.map((item) => {
      room -= item ? bytesOf(item) : 0;
      return room >= 0;
    });
    responses[name] = items
      .filter((item, at) => item !== undefined && isRead[at])
      .map((item) => project(item ?? {}));
    const left = keys.filter((_, at) => !isRead[at]);
    if (left.length > 0) unprocessed[name] = { ...given, Keys: left };
  }
  return { Responses: responses, UnprocessedKeys: unprocessed };
}

function readRequest(name: string, given: Mapping, state: Context['state']) {
  const table = tableNamed(name, state);
  const keys = list(given['Keys']).map(itemOf);
  const texts = keys.map((key) => exactKeyText(table, key));
  if (new Set(texts).size !== texts.length) throw invalid('Provided list of item keys contains duplicates');
  const placeholders = new Placeholders(given['ExpressionAttributeNames'], undefined);
  const project = projection(given['ProjectionExpression'], placeholders);
  return { name, given, table, keys, project };
}

/** Reads all items or none, each as it is after the last transaction. */
export function transactGetItems(input: Mapping, context: Context): Mapping {
  const gets = list(input['TransactItems']).map((one) => mapping(mapping(one)['Get']));
  if (gets.length > MAX_BATCH_KEYS) throw invalid('Member must have length less than or equal to 100');
  return { Responses: gets.map((get) => getItem(get, context)) };
}

export function query(input: Mapping, { state }: Context): Mapping {
  const table = tableNamed(input['TableName'], state);
  const placeholders = placeholdersOf(input);
  const matches = parseCondition(
    'KeyConditionExpression',
    String(input['KeyConditionExpression']),
    placeholders,
  );
  const key = keyFor(table, input);
  const sorted = [...table.items.values()].filter(isIn(key)).filter(matches).toSorted(bySortKey(key));
  return page(input, table, placeholders, input['ScanIndexForward'] === false ? sorted.reverse() : sorted);
}

export function scan(input: Mapping, { state }: Context): Mapping {
  const table = tableNamed(input['TableName'], state);
  const items = [...table.items.values()].filter(isIn(keyFor(table, input)));
  return page(input, table, placeholdersOf(input), items);
}

function placeholdersOf(input: Mapping): Placeholders {
  return new Placeholders(input['ExpressionAttributeNames'], input['ExpressionAttributeValues']);
}

/** Of the table or of the index. An index can only be read eventually consistent if it is a global one. */
function keyFor({ definition, indexes, key }: Table, { ConsistentRead, IndexName: index }: Mapping): Key {
  if (index === undefined) return key;
  const found = indexes.get(String(index));
  if (!found) throw invalid(`The table does not have the specified index: ${index}`);
  const isGlobal = list(definition['GlobalSecondaryIndexes']).some(
    (one) => mapping(one)['IndexName'] === index,
  );
  if (isGlobal && ConsistentRead === true)
    throw invalid('Consistent reads are not supported on global secondary indexes');
  return found;
}

/** An index holds only items that have all of its attributes. */
function isIn(key: Key): (item: Item) => boolean {
  const names = attributesOf(key);
  return (item) => names.every((name) => item[name] !== undefined);
}

function bySortKey({ sort }: Key): (a: Item, b: Item) => number {
  return (a, b) => {
    const [left, right] = sort === undefined ? [] : [a[sort], b[sort]];
    return left && right ? (compare(left, right) ?? 0) : 0;
  };
}

/** Limit and size count before the filter (developer guide, Query and Scan). */
function page(input: Mapping, table: Table, placeholders: Placeholders, all: readonly Item[]): Mapping {
  const { ExclusiveStartKey: start, FilterExpression: filter, Limit: limit, Select: select } = input;
  const passes: Condition =
    filter === undefined ? () => true : parseCondition('FilterExpression', String(filter), placeholders);
  const project = projection(input['ProjectionExpression'], placeholders);
  placeholders.checkAllUsed();
  const from = start === undefined ? 0 : placeAfter(table, all, itemOf(start));
  const read = firstPage(all.slice(from), limit === undefined ? all.length : Number(limit));
  const found = read.filter(passes);
  // A page that reaches the limit names its last item even if nothing follows.
  const isCut = read.length === Number(limit) || from + read.length < all.length;
  const last = isCut ? read.at(-1) : undefined;
  return {
    Count: found.length,
    ScannedCount: read.length,
    ...(select !== 'COUNT' && { Items: found.map(project) }),
    ...(last && { LastEvaluatedKey: keyOnly(last, [table.key, keyFor(table, input)]) }),
  };
}

function placeAfter({ key }: Table, all: readonly Item[], start: Item): number {
  const at = all.findIndex((item) => isSameKey(key, item, start));
  if (at === -1) throw new ServiceError('ValidationException', 'The provided starting key is invalid');
  return at + 1;
}

function firstPage(items: readonly Item[], limit: number): Item[] {
  const read: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += bytesOf(item);
    if (read.length === limit || (read.length > 0 && bytes > MAX_PAGE_BYTES)) break;
    read.push(item);
  }
  return read;
}

function keyOnly(item: Item, keys: readonly Key[]): Item {
  const names = new Set(keys.flatMap(attributesOf));
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

/** Elements of lists keep no place of their own: a projected list is returned whole. */
function projection(expression: unknown, placeholders: Placeholders): (item: Item) => Item {
  if (expression === undefined) return (item) => item;
  const tokens = new Tokens('ProjectionExpression', String(expression), placeholders);
  const paths: Path[] = [tokens.path()];
  while (tokens.accept(',')) paths.push(tokens.path());
  tokens.expectEnd();
  return (item) => paths.reduce<Item>((picked, path) => copyPath(item, picked, path), {});
}

function copyPath(item: Item, picked: Item, path: Path): Item {
  const listAt = path.findIndex((step) => typeof step === 'number');
  const [first, ...rest] = listAt === -1 ? path : path.slice(0, listAt);
  const value = read(item, [String(first), ...rest]);
  if (!value) return picked;
  const withMaps = rest.reduce<Item>((made, _, at) => {
    const outer: Path = [String(first), ...rest.slice(0, at)];
    return read(made, outer) ? made : write(made, outer, { M: {} });
  }, picked);
  return write(withMaps, [String(first), ...rest], value);
}
