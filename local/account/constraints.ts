import { type Mapping, mapping } from '../json.ts';
import { ServiceError } from './response.ts';

/** What an API's model asks of a member. */
export interface Constraint {
  readonly required?: boolean;
  /** Characters of a text, members of a list, or a number itself. */
  readonly min?: number;
  readonly max?: number;
  /** As the model writes it: it must match from end to end. */
  readonly pattern?: string;
  readonly oneOf?: readonly string[];
  /** For each member of a list. */
  readonly each?: Constraint;
}

/** By path: `failureDetails.type` is looked at when there are `failureDetails`. */
export type Constraints = Readonly<Record<string, Constraint>>;

/** Throws a ValidationException that names every offence, in the words that AWS's services share. */
export function check(input: Mapping, constraints: Constraints): void {
  const offences = Object.entries(constraints).flatMap(([path, constraint]) => {
    const value = reach(input, path.split('.'));
    return value === absent ? [] : describe(value, path, constraint);
  });
  if (offences.length === 0) return;
  const count = `${offences.length} validation error${offences.length > 1 ? 's' : ''} detected`;
  throw new ServiceError('ValidationException', `${count}: ${offences.join('; ')}`);
}

const absent = Symbol('a member of something that is not there');

function reach(input: Mapping, [name = '', ...rest]: readonly string[]): unknown {
  const value = input[name] ?? undefined;
  if (rest.length === 0) return value;
  return value === undefined ? absent : reach(mapping(value), rest);
}

function describe(value: unknown, path: string, constraint: Constraint): string[] {
  const fault = (rule: string): string =>
    `Value ${show(value)} at '${path}' failed to satisfy constraint: ${rule}`;
  if (value === undefined) return constraint.required ? [fault('Member must not be null')] : [];
  const own = rulesOf(constraint, typeof value).filter(({ holds }) => !holds(value));
  const { each } = constraint;
  const inner = each ? rulesOf(each) : [];
  const isBroken = Array.isArray(value) && value.some((one) => inner.some(({ holds }) => !holds(one)));
  const asked = inner.map(({ rule }) => rule).join(', ');
  return [
    ...own.map(({ rule }) => fault(rule)),
    ...(isBroken ? [fault(`Member must satisfy constraint: [${asked}]`)] : []),
  ];
}

interface Rule {
  readonly rule: string;
  readonly holds: (value: unknown) => boolean;
}

function rulesOf({ min, max, pattern, oneOf }: Constraint, type = 'string'): Rule[] {
  const rules: Rule[] = [];
  const has = type === 'number' ? 'value' : 'length';
  if (max !== undefined)
    rules.push({
      rule: `Member must have ${has} less than or equal to ${max}`,
      holds: (value) => sizeOf(value) <= max,
    });
  if (min !== undefined)
    rules.push({
      rule: `Member must have ${has} greater than or equal to ${min}`,
      holds: (value) => sizeOf(value) >= min,
    });
  if (pattern !== undefined) {
    const whole = new RegExp(`^(?:${pattern})$`, 's');
    const rule = `Member must satisfy regular expression pattern: ${pattern}`;
    rules.push({ rule, holds: (value) => whole.test(String(value)) });
  }
  if (oneOf) {
    const rule = `Member must satisfy enum value set: [${oneOf.join(', ')}]`;
    rules.push({ rule, holds: (value) => oneOf.includes(String(value)) });
  }
  return rules;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return Object.keys(mapping(value)).length;
}

function show(value: unknown): string {
  if (value === undefined) return 'null';
  return Array.isArray(value) ? `'[${value.map(String).join(', ')}]'` : `'${value}'`;
}
