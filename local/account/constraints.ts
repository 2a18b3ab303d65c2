import { type Mapping, mapping } from '../json.ts';
import { ServiceError } from './response.ts';

/** What the model of an API requires of a member. */
export interface Constraint {
  readonly required?: boolean;
  /** The length of a text or list, or the value of a number. */
  readonly min?: number;
  readonly max?: number;
  /** A regular expression that must match the whole text. */
  readonly pattern?: string;
  readonly oneOf?: readonly string[];
  /** Applies to each member of a list. */
  readonly each?: Constraint;
}

/** By path: `failureDetails.type` is only checked if `failureDetails` exists. */
export type Constraints = Readonly<Record<string, Constraint>>;

/** Throws a ValidationException that lists every violation, worded as AWS services do. */
export function validate(input: Mapping, constraints: Constraints): void {
  const violations = Object.entries(constraints).flatMap(([path, constraint]) => {
    const value = valueAt(input, path.split('.'));
    return value === absent ? [] : findViolations(value, path, constraint);
  });
  if (violations.length === 0) return;
  const count = `${violations.length} validation error${violations.length > 1 ? 's' : ''} detected`;
  throw new ServiceError('ValidationException', `${count}: ${violations.join('; ')}`);
}

const absent = Symbol('member of an absent object');

function valueAt(input: Mapping, [name = '', ...rest]: readonly string[]): unknown {
  const value = input[name] ?? undefined;
  if (rest.length === 0) return value;
  return value === undefined ? absent : valueAt(mapping(value), rest);
}

function findViolations(value: unknown, path: string, constraint: Constraint): string[] {
  const fault = (rule: string): string =>
    `Value ${formatValue(value)} at '${path}' failed to satisfy constraint: ${rule}`;
  if (value === undefined) return constraint.required ? [fault('Member must not be null')] : [];
  const own = rulesOf(constraint, typeof value).filter(({ isMet }) => !isMet(value));
  const { each } = constraint;
  const inner = each ? rulesOf(each) : [];
  const isBroken = Array.isArray(value) && value.some((one) => inner.some(({ isMet }) => !isMet(one)));
  const asked = inner.map(({ text }) => text).join(', ');
  return [
    ...own.map(({ text }) => fault(text)),
    ...(isBroken ? [fault(`Member must satisfy constraint: [${asked}]`)] : []),
  ];
}

interface Rule {
  readonly text: string;
  readonly isMet: (value: unknown) => boolean;
}

function rulesOf({ min, max, pattern, oneOf }: Constraint, type = 'string'): Rule[] {
  const rules: Rule[] = [];
  const has = type === 'number' ? 'value' : 'length';
  if (max !== undefined)
    rules.push({
      text: `Member must have ${has} less than or equal to ${max}`,
      isMet: (value) => sizeOf(value) <= max,
    });
  if (min !== undefined)
    rules.push({
      text: `Member must have ${has} greater than or equal to ${min}`,
      isMet: (value) => sizeOf(value) >= min,
    });
  if (pattern !== undefined) {
    const whole = new RegExp(`^(?:${pattern})$`, 's');
    const text = `Member must satisfy regular expression pattern: ${pattern}`;
    rules.push({ text, isMet: (value) => whole.test(String(value)) });
  }
  if (oneOf) {
    const text = `Member must satisfy enum value set: [${oneOf.join(', ')}]`;
    rules.push({ text, isMet: (value) => oneOf.includes(String(value)) });
  }
  return rules;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return Object.keys(mapping(value)).length;
}

function formatValue(value: unknown): string {
  if (value === undefined) return 'null';
  return Array.isArray(value) ? `'[${value.map(String).join(', ')}]'` : `'${value}'`;
}
