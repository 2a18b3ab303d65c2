import type { Mapping } from '../../../json.ts';
import { ServiceError } from '../../response.ts';

/** A value with its type: `{ S: 'text' }`, `{ N: '1' }`, `{ L: [...] }`. */
export type Value = Mapping;
export type Item = Readonly<Record<string, Value>>;

const MAX_ITEM_BYTES = 400 * 1024;

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}

export function typeOf(value: Value): string {
  const [type = ''] = Object.keys(value);
  return type;
}

/** Below 0, 0 or above 0; undefined if the two have no order: other types than text, number and binary. */
export function compare(a: Value, b: Value): number | undefined {
  const type = typeOf(a);
  if (type !== typeOf(b)) return undefined;
  if (type === 'N') return Number(a['N']) - Number(b['N']);
  if (type !== 'S' && type !== 'B') return undefined;
  const encoding = type === 'S' ? 'utf8' : 'base64';
  return Buffer.compare(Buffer.from(String(a[type]), encoding), Buffer.from(String(b[type]), encoding));
}

export function isEqual(a: Value, b: Value): boolean {
  return canonical(a) === canonical(b);
}

/** A text that is the same for equal values: numbers by their value, maps and sets in any order. */
function canonical(value: Value): string {
  const type = typeOf(value);
  const inner = value[type];
  if (type === 'N') return `N${Number(inner)}`;
  if (type === 'L' && Array.isArray(inner)) return `L[${inner.map(canonical).join()}]`;
  if (type === 'M') return `M{${membersOf(value).map(canonicalMember).toSorted().join()}}`;
  if (type === 'NS' && Array.isArray(inner)) return `NS${inner.map(Number).toSorted().join()}`;
  if (Array.isArray(inner)) return `${type}${JSON.stringify(inner.map(String).toSorted())}`;
  return `${type}${JSON.stringify(inner)}`;
}

const canonicalMember = ([name, member]: readonly [string, Value]): string =>
  `${JSON.stringify(name)}:${canonical(member)}`;

/** The members of a map. */
export function membersOf(value: Value | undefined): [string, Value][] {
  const map = value?.['M'];
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: DynamoDB's JSON has typed values in a map
  return typeof map === 'object' && map !== null ? Object.entries(map as Item) : [];
}

/** The bytes of names and values, close to what DynamoDB counts (developer guide, item sizes and formats). */
export function bytesOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value),
    0,
  );
}

/** What the function `size` of an expression returns: letters, bytes or members. */
export function lengthOf(value: Value): number | undefined {
  const type = typeOf(value);
  const inner = value[type];
  if (type === 'S') return Buffer.byteLength(String(inner));
  if (type === 'B') return Buffer.from(String(inner), 'base64').length;
  if (type === 'M') return membersOf(value).length;
  return Array.isArray(inner) ? inner.length : undefined;
}

function sizeOf(value: Value): number {
  const type = typeOf(value);
  const inner = value[type];
  if (type === 'N') return Math.ceil(String(inner).replace(/\D/g, '').length / 2) + 1;
  if (type === 'BOOL' || type === 'NULL') return 1;
  if (type === 'M') return 3 + membersOf(value).length + bytesOf(Object.fromEntries(membersOf(value)));
  if (type === 'L' && Array.isArray(inner))
    return 3 + inner.reduce((sum: number, one) => sum + 1 + sizeOf(one), 0);
  if (Array.isArray(inner))
    return inner.reduce((sum: number, one) => sum + Buffer.byteLength(String(one)), 0);
  return lengthOf(value) ?? 0;
}

export function checkSize(item: Item): void {
  if (bytesOf(item) > MAX_ITEM_BYTES) throw invalid('Item size has exceeded the maximum allowed size');
}
