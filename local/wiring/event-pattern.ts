import { isMapping, type Mapping } from '../json.ts';

export type Matches = (event: unknown) => boolean;

/** Whether a field's values fit; no values means that the field is missing. */
type FieldTest = (values: readonly unknown[]) => boolean;

/**
 * An EventBridge event pattern as a function, or an error that names what it does not understand: exact values,
 * `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `numeric`, `anything-but` (also with one of the first three
 * inside) and `exists`, in nested objects. A rule that would match otherwise on AWS than it
 * does here must not load.
 */
export function compilePattern(pattern: unknown): Matches {
  if (!isMapping(pattern)) throw new Error(`An event pattern is an object, not ${JSON.stringify(pattern)}`);
  return compileObject(pattern, '');
}

function compileObject(pattern: Mapping, path: string): Matches {
  const entries = Object.entries(pattern).map(([key, part]) =>
    compileField(key, part, path ? `${path}.${key}` : key),
  );
  if (entries.length === 0) throw new Error(`The event pattern is empty${path && ` at ${path}`}`);
  return (event) => entries.every((matches) => matches(event));
}

function compileField(key: string, part: unknown, path: string): Matches {
  if (key.startsWith('$')) throw new Error(`The event pattern's ${path} is not understood on this machine`);
  if (Array.isArray(part)) {
    const test = compileValues(part, path);
    return (event) => test(valuesAt(event, key));
  }
  if (!isMapping(part))
    throw new Error(`The event pattern's ${path} is a list or an object, not ${JSON.stringify(part)}`);
  const matches = compileObject(part, path);
  return (event) => objectsAt(event, key).some(matches);
}

function compileValues(parts: readonly unknown[], path: string): FieldTest {
  if (parts.length === 0) throw new Error(`The event pattern's ${path} is an empty list`);
  const tests = parts.map((part) => compileValue(part, path));
  return (values) => tests.some((test) => test(values));
}

function compileValue(part: unknown, path: string): FieldTest {
  if (!isMapping(part)) return (values) => values.includes(scalar(part, path));
  const [[operator, operand] = ['', undefined], ...others] = Object.entries(part);
  if (others.length > 0) throw new Error(`The event pattern's ${path} has two operators in one object`);
  switch (operator) {
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
    case 'wildcard':
      return textTest(operator, operand, path);
    case 'numeric':
      return numeric(operand, path);
    case 'anything-but':
      return anythingBut(operand, path);
    case 'exists':
      if (typeof operand !== 'boolean') throw new Error(`The event pattern's ${path} has exists: ${operand}`);
      return (values) => values.length > 0 === operand;
    default:
      throw new Error(
        `The event pattern's ${path} uses ${operator}, which local/wiring/event-pattern.ts does not know`,
      );
  }
}

type TextOperator = keyof typeof textFits;

const textFits = {
  prefix: (value: string, operand: string) => value.startsWith(operand),
  suffix: (value: string, operand: string) => value.endsWith(operand),
  'equals-ignore-case': (value: string, operand: string) => value.toLowerCase() === operand.toLowerCase(),
  wildcard: (value: string, operand: string) => wildcardOf(operand).test(value),
};

function textTest(operator: TextOperator, operand: unknown, path: string): FieldTest {
  const fits = textFit(operator, operand, path);
  return (values) => values.some(fits);
}

function textFit(operator: TextOperator, operand: unknown, path: string): (value: unknown) => boolean {
  if (typeof operand !== 'string') {
    throw new Error(
      `The event pattern's ${path} has ${operator}: ${JSON.stringify(operand)}, which is no text`,
    );
  }
  return (value) => typeof value === 'string' && textFits[operator](value, operand);
}

/** `*` stands for any text, and `\*` for itself. */
function wildcardOf(operand: string): RegExp {
  const parts = operand
    .split(/(?<!\\)\*/)
    .map((part) => part.replaceAll('\\*', '*').replaceAll('\\\\', '\\'));
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 's');
}

const compares: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** `['>', 0, '<=', 5]`: one comparison or two, all of which hold for one value. */
function numeric(operand: unknown, path: string): FieldTest {
  const parts: readonly unknown[] = Array.isArray(operand) ? operand : [];
  const pairs = parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1]] as const] : []));
  const tests = pairs.map(([name, bound]) => {
    const compare = compares[String(name)];
    if (compare && typeof bound === 'number') return (value: number) => compare(value, bound);
    throw new Error(`The event pattern's ${path} has numeric: ${JSON.stringify(operand)}`);
  });
  if (tests.length === 0)
    throw new Error(`The event pattern's ${path} has numeric: ${JSON.stringify(operand)}`);
  return (values) =>
    values.some((value) => typeof value === 'number' && tests.every((holds) => holds(value)));
}

/** A missing field does not match, and a list matches when one of its values is another. */
function anythingBut(operand: unknown, path: string): FieldTest {
  const refused = (Array.isArray(operand) ? operand : [operand]).map((one) => refusal(one, path));
  return (values) => values.some((value) => !refused.some((fits) => fits(value)));
}

function refusal(operand: unknown, path: string): (value: unknown) => boolean {
  const [[operator, text] = ['', undefined], ...others] = isMapping(operand) ? Object.entries(operand) : [];
  if (others.length === 0 && isTextOperator(operator)) return textFit(operator, text, path);
  const plain = scalar(operand, path);
  return (value) => value === plain;
}

function isTextOperator(name: string): name is TextOperator {
  return Object.hasOwn(textFits, name);
}

function scalar(value: unknown, path: string): unknown {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw new Error(
    `The event pattern's ${path} compares with ${JSON.stringify(value)}, which is no plain value`,
  );
}

/** An array in the event stands for each of its values. */
function valuesAt(event: unknown, key: string): readonly unknown[] {
  if (!isMapping(event) || !Object.hasOwn(event, key)) return [];
  return [event[key]].flat(8).filter((value) => !isMapping(value));
}

/** A missing object is an empty one: `exists: false` may match inside it. */
function objectsAt(event: unknown, key: string): readonly unknown[] {
  const value = isMapping(event) ? event[key] : undefined;
  return Array.isArray(value) ? value.flat(8).filter(isMapping) : [isMapping(value) ? value : {}];
}
