import { type Item, invalid, membersOf, type Value } from './values.ts';

/** The way to an attribute: names of maps, and places in lists. */
export type Path = readonly [string, ...(string | number)[]];

export function read(item: Item, [first, ...rest]: Path): Value | undefined {
  return rest.reduce<Value | undefined>(stepInto, item[first]);
}

function stepInto(value: Value | undefined, step: string | number): Value | undefined {
  if (typeof step === 'string') return membersOf(value).find(([name]) => name === step)?.[1];
  return listOf(value)?.[step];
}

/** The item with this value; without the attribute if the value is undefined. */
export function write(item: Item, [first, ...rest]: Path, value: Value | undefined): Item {
  return withMember(item, first, rest.length === 0 ? value : writeInto(item[first], rest, value));
}

function writeInto(
  container: Value | undefined,
  [step = '', ...rest]: readonly (string | number)[],
  value: Value | undefined,
): Value {
  const inner = rest.length === 0 ? value : writeInto(stepInto(container, step), rest, value);
  if (typeof step === 'string' && container?.['M'] !== undefined)
    return { M: withMember(Object.fromEntries(membersOf(container)), step, inner) };
  const values = typeof step === 'number' ? listOf(container) : undefined;
  if (!values || typeof step !== 'number')
    throw invalid('The document path provided in the update expression is invalid for update');
  return { L: inner === undefined ? values.toSpliced(step, 1) : values.toSpliced(step, 1, inner) };
}

function withMember(members: Item, name: string, value: Value | undefined): Item {
  const { [name]: _, ...others } = members;
  return value === undefined ? others : { ...others, [name]: value };
}

function listOf(value: Value | undefined): Value[] | undefined {
  const inner = value?.['L'];
  return Array.isArray(inner) ? inner : undefined;
}
