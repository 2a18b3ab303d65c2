import { isMapping, type Mapping } from '../json.ts';

export type EventMatcher = (event: unknown) => boolean;

/** Whether the values of a field match. An empty list means that the field is missing. */
type FieldTest = (values: readonly unknown[]) => boolean;

/**
 * Compiles an EventBridge event pattern. Throws for operators it does not know, so that no rule matches differently here
 * than on AWS. `anything-but` may contain one text operator.
 */
export function compilePattern(pattern: unknown): EventMatcher {
  if (!isMapping(pattern)) throw new Error(`An event pattern is an object, not ${JSON.stringify(pattern)}`);
  return compileObject(pattern, '');
}

function compileObject(pattern: Mapping, path: string): EventMatcher {
  const entries = Object.entries(pattern).map(([key, part]) =>
    compileField(key, part, path ? `${path}.${key}` : key),
  );
  if (entries.length === 0) throw new Error(`The event pattern is empty${path && ` at ${path}`}`);
  return (event) => entries.every((matches) => matches(event));
}

function compileField(key: string, part: unknown, path: string): EventMatcher {
  if (key.startsWith('$'))
    throw new Error(
      `The event pattern's ${path} is not supported locally: operators such as $or are missing`,
    );
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
  if (!isMapping(part)) return (values) => values.includes(requireScalar(part, path));
  const [[operator, operand] = ['', undefined], ...others] = Object.entries(part);
  if (others.length > 0) throw new Error(`The event pattern's ${path} has two operators in one object`);
  switch (operator) {
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
    case 'wildcard':
      return compileTextTest(operator, operand, path);
    case 'numeric':
      return compileNumeric(operand, path);
    case 'anything-but':
      return compileAnythingBut(operand, path);
    case 'exists':
      if (typeof operand !== 'boolean') throw new Error(`The event pattern's ${path} has exists: ${operand}`);
      return (values) => values.length > 0 === operand;
    default:
      throw new Error(
        `The event pattern's ${path} uses ${operator}, which local/wiring/event-pattern.ts does not know`,
      );
  }
}

type TextOperator = keyof typeof textComparisons;

const textComparisons = {
  prefix: (value: string, operand: string) => value.startsWith(operand),
  suffix: (value: string, operand: string) => value.endsWith(operand),
  'equals-ignore-case': (value: string, operand: string) => value.toLowerCase() === operand.toLowerCase(),
  wildcard: (value: string, operand: string) => wildcardPattern(operand).test(value),
};

function compileTextTest(operator: TextOperator, operand: unknown, path: string): FieldTest {
  const fits = compileTextComparison(operator, operand, path);
  return (values) => values.some(fits);
}

function compileTextComparison(
  operator: TextOperator,
  operand: unknown,
  path: string,
): (value: unknown) => boolean {
  if (typeof operand !== 'string') {
    throw new Error(
      `The event pattern's ${path} has ${operator}: ${JSON.stringify(operand)}, which is not text`,
    );
  }
  return (value) => typeof value === 'string' && textComparisons[operator](value, operand);
}

/** `*` matches any text, and `\*` matches an asterisk. */
function wildcardPattern(operand: string): RegExp {
  const parts = operand
    .split(/(?<!\\)\*/)
    .map((part) => part.replaceAll('\\*', '*').replaceAll('\\\\', '\\'));
  const escaped = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 's');
}

const numericComparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** `['>', 0, '<=', 5]`: one or two comparisons that must all be true for one value. */
function compileNumeric(operand: unknown, path: string): FieldTest {
  const parts: readonly unknown[] = Array.isArray(operand) ? operand : [];
  const pairs = parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1]] as const] : []));
  const tests = pairs.map(([name, bound]) => {
    const compare = numericComparisons[String(name)];
    if (compare && typeof bound === 'number') return (value: number) => compare(value, bound);
    throw new Error(`The event pattern's ${path} has numeric: ${JSON.stringify(operand)}`);
  });
  if (tests.length === 0)
    throw new Error(`The event pattern's ${path} has numeric: ${JSON.stringify(operand)}`);
  return (values) => values.some((value) => typeof value === 'number' && tests.every((test) => test(value)));
}

/** A missing field does not match. A list matches if one of its values is not excluded. */
function compileAnythingBut(operand: unknown, path: string): FieldTest {
  const excluded = (Array.isArray(operand) ? operand : [operand]).map((one) => compileExclusion(one, path));
  return (values) => values.some((value) => !excluded.some((fits) => fits(value)));
}

function compileExclusion(operand: unknown, path: string): (value: unknown) => boolean {
  const [[operator, text] = ['', undefined], ...others] = isMapping(operand) ? Object.entries(operand) : [];
  if (others.length === 0 && isTextOperator(operator)) return compileTextComparison(operator, text, path);
  const plain = requireScalar(operand, path);
  return (value) => value === plain;
}

function isTextOperator(name: string): name is TextOperator {
  return Object.hasOwn(textComparisons, name);
}

function requireScalar(value: unknown, path: string): unknown {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw new Error(
    `The event pattern's ${path} compares with ${JSON.stringify(value)}, which is not text, a number, a boolean or null`,
  );
}

/** The values of a field. An array in the event counts as each of its values. */
function valuesAt(event: unknown, key: string): readonly unknown[] {
  if (!isMapping(event) || !Object.hasOwn(event, key)) return [];
  return [event[key]].flat(8).filter((value) => !isMapping(value));
}

/** A missing object counts as an empty one, because `exists: false` can match inside it. */
function objectsAt(event: unknown, key: string): readonly unknown[] {
  const value = isMapping(event) ? event[key] : undefined;
  return Array.isArray(value) ? value.flat(8).filter(isMapping) : [isMapping(value) ? value : {}];
}
