import { isMapping, type Mapping } from '../stack/mapping.ts';

export type Matches = (event: unknown) => boolean;

/** Whether a field's values fit; no values means that the field is missing. */
type FieldTest = (values: readonly unknown[]) => boolean;

/**
 * An EventBridge event pattern as a function, or an error that names what it does not understand: exact values,
 * `prefix`, `suffix`, `anything-but` and `exists`, in nested objects. A rule that would match otherwise on AWS than it
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
      return affix(operator, operand, path);
    case 'anything-but':
      return anythingBut(operand, path);
    case 'exists':
      if (typeof operand !== 'boolean') throw new Error(`The event pattern's ${path} has exists: ${operand}`);
      return (values) => values.length > 0 === operand;
    default:
      throw new Error(
        `The event pattern's ${path} uses ${operator}, which local/wiring/pattern.ts does not know`,
      );
  }
}

function affix(operator: 'prefix' | 'suffix', operand: unknown, path: string): FieldTest {
  if (typeof operand !== 'string') {
    throw new Error(
      `The event pattern's ${path} has ${operator}: ${JSON.stringify(operand)}, which is no text`,
    );
  }
  const fits = operator === 'prefix' ? 'startsWith' : 'endsWith';
  return (values) => values.some((value) => typeof value === 'string' && value[fits](operand));
}

/** A missing field does not match, and a list matches when one of its values is another. */
function anythingBut(operand: unknown, path: string): FieldTest {
  const refused = (Array.isArray(operand) ? operand : [operand]).map((one) => scalar(one, path));
  return (values) => values.some((value) => !refused.includes(value));
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
