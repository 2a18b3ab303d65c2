import { isMapping, list, type Mapping, mapping, optionalText } from '../../../json.ts';
import type { ServiceContext } from '../../emulated-service.ts';
import { ServiceError } from '../../response.ts';
import { type Item, invalid, isEqual, typeOf } from './values.ts';

export type Context = ServiceContext<DynamoState>;

export interface DynamoState {
  /** By name. */
  readonly tables: Map<string, Table>;
  /** The transactions of the last minutes, by their token. */
  readonly transactions: Map<string, { readonly items: string; readonly until: number }>;
}

export interface Table {
  readonly name: string;
  readonly definition: Mapping;
  readonly createdAt: number;
  readonly key: Key;
  /** The type of each attribute that is part of a key. */
  readonly types: ReadonlyMap<string, string>;
  readonly indexes: ReadonlyMap<string, Key>;
  /** By the text of their key, in the order of the first write. */
  readonly items: Map<string, Item>;
  timeToLive?: Mapping;
}

export interface Key {
  readonly partition: string;
  readonly sort?: string;
}

export function attributesOf({ partition, sort }: Key): string[] {
  return sort === undefined ? [partition] : [partition, sort];
}

export function createTable(input: Mapping, { state, now }: Context): Mapping {
  const name = String(input['TableName']);
  if (!/^[\w.-]{3,255}$/.test(name)) throw invalid(`Invalid TableName: ${name}`);
  if (state.tables.has(name))
    throw new ServiceError('ResourceInUseException', `Table already exists: ${name}`);
  const table: Table = {
    name,
    definition: input,
    createdAt: now(),
    key: keyOf(input),
    types: new Map(list(input['AttributeDefinitions']).map(mapping).map(attributeType)),
    indexes: new Map([...indexesOf(input, 'Global'), ...indexesOf(input, 'Local')]),
    items: new Map(),
  };
  checkAttributes(table);
  state.tables.set(name, table);
  return { TableDescription: describe(table) };
}

const attributeType = ({ AttributeName, AttributeType }: Mapping): [string, string] => [
  String(AttributeName),
  String(AttributeType),
];

function indexesOf(input: Mapping, kind: 'Global' | 'Local'): [string, Key][] {
  return list(input[`${kind}SecondaryIndexes`])
    .map(mapping)
    .map((index) => [String(index['IndexName']), keyOf(index)]);
}

function keyOf({ KeySchema: schema }: Mapping): Key {
  const named = (type: string): string | undefined =>
    optionalText(mapping(list(schema).find((one) => mapping(one)['KeyType'] === type))['AttributeName']);
  const partition = named('HASH');
  const sort = named('RANGE');
  if (partition === undefined) throw invalid('No Hash Key specified in schema.');
  return { partition, ...(sort !== undefined && { sort }) };
}

/** Every attribute of a key is defined, and no other (API reference, AttributeDefinitions). */
function checkAttributes({ key, indexes, types }: Table): void {
  const used = new Set([key, ...indexes.values()].flatMap(attributesOf));
  if (used.size === types.size && [...used].every((name) => types.has(name))) return;
  throw invalid(
    'One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions, or ' +
      `are defined and not used. Keys: [${[...used].join(', ')}], AttributeDefinitions: [${[...types.keys()].join(', ')}]`,
  );
}

export function describe({ definition, createdAt, items, name }: Table): Mapping {
  return {
    ...definition,
    TableName: name,
    TableStatus: 'ACTIVE',
    CreationDateTime: new Date(createdAt),
    ItemCount: items.size,
  };
}

/** @param name a name or an ARN */
export function tableNamed(name: unknown, { tables }: DynamoState): Table {
  const found = tables.get(String(name).replace(/^arn:.*:table\//, ''));
  if (found) return found;
  throw new ServiceError('ResourceNotFoundException', 'Requested resource not found');
}

/** The text under which an item is kept. @throws ServiceError if a part of the key is missing, empty or of another type */
export function keyText(table: Table, item: Item): string {
  return JSON.stringify(attributesOf(table.key).map((name) => keyPart(table, name, item)));
}

function keyPart({ types }: Table, name: string, item: Item): unknown {
  const value = item[name];
  if (!value) throw invalid(`One or more parameter values were invalid: Missing the key ${name} in the item`);
  const type = typeOf(value);
  if (type !== types.get(name))
    throw invalid(
      `One or more parameter values were invalid: Type mismatch for key ${name} expected: ${types.get(name)} actual: ${type}`,
    );
  if (value[type] === '')
    throw invalid(
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ' +
        `string value. Key: ${name}`,
    );
  return type === 'N' ? Number(value[type]) : value[type];
}

/** A key and nothing else. */
export function exactKeyText(table: Table, key: Item): string {
  if (Object.keys(key).length !== attributesOf(table.key).length)
    throw invalid('The provided key element does not match the schema');
  return keyText(table, key);
}

/** An item that an index cannot hold because an attribute has the wrong type is refused. */
export function checkIndexKeys(table: Table, item: Item): void {
  for (const name of [...table.indexes.values()].flatMap(attributesOf))
    if (item[name]) keyPart(table, name, item);
}

export function isSameKey(key: Key, a: Item, b: Item): boolean {
  return attributesOf(key).every((name) => {
    const [left, right] = [a[name], b[name]];
    return left !== undefined && right !== undefined && isEqual(left, right);
  });
}

/** The members of a request that are items or keys. */
export function itemOf(value: unknown): Item {
  if (!isMapping(value)) throw invalid('Item or key expected');
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the SDK writes typed values
  return value as Item;
}
