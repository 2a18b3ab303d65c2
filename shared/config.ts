import { ConfigurationError } from './errors.ts';
import { formatValue } from './redact.ts';

/** One variable and how to read it. `read` throws an error whose message follows the variable's name. */
export interface Field<T> {
  readonly variable: string;
  readonly read: (raw: string | undefined) => T;
}

export type Env = Readonly<Record<string, string | undefined>>;

type Fields<C> = { readonly [K in keyof C]: Field<C[K]> };

/** Reads all fields and reports every fault in one message. An empty variable counts as not set. */
export function readEnvironment<C extends object>(env: Env, fields: Fields<C>): Readonly<C> {
  const faults: string[] = [];
  const config: Partial<C> = {};
  for (const name in fields) {
    const { variable, read } = fields[name];
    try {
      config[name] = read(env[variable] || undefined);
    } catch (fault) {
      faults.push(`${variable} ${fault instanceof Error ? fault.message : String(fault)}`);
    }
  }
  if (faults.length > 0) throw new ConfigurationError(`Configuration: ${faults.join('; ')}`);
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: without a fault the loop has filled every member of C
  return Object.freeze(config as C);
}

/** Absent outside of Lambda. */
export function readStackName(env: Env = process.env): string | undefined {
  return readEnvironment(env, { stack: text('STACK_NAME', { optional: true }) }).stack;
}

export function text(variable: string): Field<string>;
export function text(variable: string, options: { readonly optional: true }): Field<string | undefined>;
export function text(variable: string, options: { readonly fallback: string }): Field<string>;
export function text(
  variable: string,
  options: { readonly optional?: true; readonly fallback?: string } = {},
): Field<string | undefined> {
  return { variable, read: (raw) => raw ?? (options.optional ? undefined : missing(options.fallback)) };
}

export function flag(variable: string, options: { readonly fallback?: boolean } = {}): Field<boolean> {
  return field(variable, options.fallback, (raw) => {
    if (raw === 'true' || raw === 'false') return raw === 'true';
    throw new Error(`is ${formatValue(raw)}, expected true or false`);
  });
}

export function oneOf<const C extends readonly string[]>(
  variable: string,
  choices: C,
  options: { readonly fallback?: C[number] } = {},
): Field<C[number]> {
  return field(variable, options.fallback, (raw) => {
    const choice = choices.find((one) => one === raw);
    if (choice !== undefined) return choice;
    throw new Error(`is ${formatValue(raw)}, expected one of ${choices.join(', ')}`);
  });
}

export function wholeNumber(
  variable: string,
  { min, max, fallback }: { readonly min: number; readonly max: number; readonly fallback?: number },
): Field<number> {
  return field(variable, fallback, (raw) => {
    const value = Number(raw);
    if (/^-?\d+$/.test(raw) && value >= min && value <= max) return value;
    throw new Error(`is ${formatValue(raw)}, expected a whole number from ${min} to ${max}`);
  });
}

/** Comma-separated entries, trimmed; an unset variable is an empty list if `optional`. */
export function list(
  variable: string,
  { each, optional }: { readonly each?: RegExp; readonly optional?: true } = {},
): Field<readonly string[]> {
  return field<readonly string[]>(variable, optional && [], (raw) => {
    const entries = raw.split(',').map((entry) => entry.trim());
    const odd = entries.find((entry) => entry === '' || (each !== undefined && !each.test(entry)));
    if (odd === undefined) return entries;
    throw new Error(
      `has the entry ${formatValue(odd)}, expected ${each === undefined ? 'something' : String(each)}`,
    );
  });
}

function field<T>(variable: string, fallback: T | undefined, parse: (raw: string) => T): Field<T> {
  return { variable, read: (raw) => (raw === undefined ? missing(fallback) : parse(raw)) };
}

function missing<T>(fallback: T | undefined): T {
  if (fallback === undefined) throw new Error('is not set');
  return fallback;
}
