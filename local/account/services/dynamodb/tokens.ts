import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping, mapping } from '../../../json.ts';
import type { Path } from './paths.ts';
import { invalid, type Value } from './values.ts';

/** The names and values that a request gives for its expressions. DynamoDB refuses those that no expression uses. */
export class Placeholders {
  readonly #names: ReadonlyMap<string, unknown>;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #used = new Set<string>();

  constructor(names: unknown, values: unknown) {
    this.#names = new Map(Object.entries(mapping(names)));
    this.#values = new Map(Object.entries(mapping(values)));
  }

  name(placeholder: string): string {
    this.#used.add(placeholder);
    const name = this.#names.get(placeholder);
    if (typeof name === 'string') return name;
    throw invalid(
      `An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
    );
  }

  value(placeholder: string): Value {
    this.#used.add(placeholder);
    const value = this.#values.get(placeholder);
    if (isMapping(value)) return value;
    throw invalid(
      `An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
    );
  }

  checkAllUsed(): void {
    for (const [given, kind] of [
      [this.#names, 'ExpressionAttributeNames'],
      [this.#values, 'ExpressionAttributeValues'],
    ] as const) {
      const unused = [...given.keys()].filter((one) => !this.#used.has(one));
      if (unused.length > 0)
        throw invalid(`Value provided in ${kind} unused in expressions: keys: {${unused.join(', ')}}`);
    }
  }
}

// Developer guide, "Reserved words in DynamoDB".
const reserved = new Set(
  readFileSync(join(import.meta.dirname, 'reserved-words.txt'), 'utf8')
    .trim()
    .split(/\s+/),
);

const token = /\s*(<=|>=|<>|[=<>(),.+[\]-]|[:#]\w+|[A-Za-z]\w*|\d+)/y;

/** Reads an expression token by token. */
export class Tokens {
  readonly #kind: string;
  readonly #text: string;
  readonly #tokens: readonly string[];
  readonly placeholders: Placeholders;
  #at = 0;

  /** @param kind the member of the request, for errors: `ConditionExpression` */
  constructor(kind: string, text: string, placeholders: Placeholders) {
    this.#kind = kind;
    this.#text = text;
    this.placeholders = placeholders;
    this.#tokens = split(text) ?? [];
    if (this.#tokens.length === 0) throw this.error('Syntax error');
  }

  /** The next token in upper case, as keywords are compared. */
  get keyword(): string {
    return this.peek().toUpperCase();
  }

  peek(ahead = 0): string {
    return this.#tokens[this.#at + ahead] ?? '';
  }

  next(): string {
    const text = this.peek();
    this.#at += 1;
    return text;
  }

  /** Whether the next token is this one, which is then read. */
  accept(expected: string): boolean {
    if (this.keyword !== expected) return false;
    this.#at += 1;
    return true;
  }

  expect(expected: string): void {
    if (!this.accept(expected)) throw this.error(`Syntax error; token: "${this.peek() || '<EOF>'}"`);
  }

  expectEnd(): void {
    if (this.peek() !== '') throw this.error(`Syntax error; token: "${this.peek()}"`);
  }

  path(): Path {
    const path: [string, ...(string | number)[]] = [this.#name()];
    for (;;) {
      if (this.accept('.')) path.push(this.#name());
      else if (this.accept('[')) {
        path.push(Number(this.next()));
        this.expect(']');
      } else return path;
    }
  }

  /** The value of the placeholder that comes next. */
  value(): Value {
    return this.placeholders.value(this.next());
  }

  #name(): string {
    const text = this.next();
    if (text.startsWith('#')) return this.placeholders.name(text);
    if (!/^[A-Za-z]/.test(text)) throw this.error(`Syntax error; token: "${text || '<EOF>'}"`);
    if (reserved.has(text.toUpperCase()))
      throw this.error(`Attribute name is a reserved keyword; reserved keyword: ${text}`);
    return text;
  }

  error(problem: string): Error {
    return invalid(`Invalid ${this.#kind}: ${problem}, in "${this.#text}"`);
  }
}

function split(text: string): string[] | undefined {
  const found: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const [, one] = token.exec(text) ?? [];
    if (one === undefined) return undefined;
    found.push(one);
  }
  return found;
}
