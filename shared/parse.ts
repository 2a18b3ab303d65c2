import * as z from 'zod/mini';
import { InvalidInputError, isRecord } from './errors.ts';
import { formatValue, isSecretName, redact } from './redact.ts';

type Path = readonly PropertyKey[];

/** The value as the schema reads it, @throws InvalidInputError that names each path that does not fit and the value it has */
export function parseAs<S extends z.ZodMiniType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 5).map((issue) => explain(issue, value));
  const more = parsed.error.issues.length > 5 ? `; and ${parsed.error.issues.length - 5} more` : '';
  throw new InvalidInputError(`${what}: ${faults.join('; ')}${more}`);
}

/** @throws InvalidInputError when the text is no JSON */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be a payload: it does not become the cause.
    throw new InvalidInputError(`${what}: expected JSON, got ${formatValue(text)}`);
  }
}

function explain(issue: z.core.$ZodIssue, root: unknown): string {
  const path = issue.path.map(String).join('.');
  return `${path === '' ? 'it' : redact(path, 120)} ${expectation(issue)}, got ${valueAt(issue.path, root)}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'invalid_format':
      return `must match ${issue.pattern ?? issue.format}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unit(issue.origin)}`;
    case 'unrecognized_keys':
      return `must have no member ${issue.keys.map((key) => formatValue(key)).join(', ')}`;
    default:
      return issue.message === 'Invalid input' ? 'has an unexpected shape' : issue.message;
  }
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' || origin === 'set' ? ' entries' : '';
}

function valueAt(path: Path, root: unknown): string {
  let value = root;
  for (const step of path) {
    if (isSecretName(String(step))) return 'a value not shown';
    value =
      (isRecord(value) || Array.isArray(value)) && Object.hasOwn(value, step)
        ? Reflect.get(value, step)
        : undefined;
  }
  return formatValue(value);
}
