import { type Path, read } from './paths.ts';
import { type Placeholders, Tokens } from './tokens.ts';
import { compare, type Item, isEqual, lengthOf, typeOf, type Value } from './values.ts';

export type Condition = (item: Item) => boolean;
type Operand = (item: Item) => Value | undefined;

/** A condition, filter or key condition. Precedence: comparisons, NOT, AND, OR (developer guide, operators and functions). */
export function parseCondition(kind: string, text: string, placeholders: Placeholders): Condition {
  const tokens = new Tokens(kind, text, placeholders);
  const condition = parseOr(tokens);
  tokens.expectEnd();
  return condition;
}

function parseOr(tokens: Tokens): Condition {
  const any = [parseAnd(tokens)];
  while (tokens.accept('OR')) any.push(parseAnd(tokens));
  return (item) => any.some((one) => one(item));
}

function parseAnd(tokens: Tokens): Condition {
  const all = [parseNot(tokens)];
  while (tokens.accept('AND')) all.push(parseNot(tokens));
  return (item) => all.every((one) => one(item));
}

function parseNot(tokens: Tokens): Condition {
  if (!tokens.accept('NOT')) return parsePrimary(tokens);
  const condition = parseNot(tokens);
  return (item) => !condition(item);
}

function parsePrimary(tokens: Tokens): Condition {
  if (tokens.accept('(')) {
    const condition = parseOr(tokens);
    tokens.expect(')');
    return condition;
  }
  const parse = tokens.peek(1) === '(' ? functions[tokens.peek()] : undefined;
  if (!parse) return parseComparison(tokens, parseOperand(tokens));
  tokens.next();
  tokens.expect('(');
  const condition = parse(tokens);
  tokens.expect(')');
  return condition;
}

/** Names are case-sensitive. */
const functions: Readonly<Record<string, (tokens: Tokens) => Condition>> = {
  attribute_exists: (tokens) => {
    const path = tokens.path();
    return (item) => read(item, path) !== undefined;
  },
  attribute_not_exists: (tokens) => {
    const path = tokens.path();
    return (item) => read(item, path) === undefined;
  },
  attribute_type: ofTwo((value, type) => typeOf(value) === type['S']),
  begins_with: ofTwo(
    (value, start) => typeOf(value) === typeOf(start) && String(value['S']).startsWith(String(start['S'])),
  ),
  contains: ofTwo(doesContain),
};

function ofTwo(test: (a: Value, b: Value) => boolean): (tokens: Tokens) => Condition {
  return (tokens) => {
    const path: Path = tokens.path();
    tokens.expect(',');
    const second = parseOperand(tokens);
    return (item) => {
      const [a, b] = [read(item, path), second(item)];
      return a !== undefined && b !== undefined && test(a, b);
    };
  };
}

function doesContain(value: Value, wanted: Value): boolean {
  const type = typeOf(value);
  if (type === 'S') return typeOf(wanted) === 'S' && String(value['S']).includes(String(wanted['S']));
  const members = value[type];
  if (!Array.isArray(members)) return false;
  if (type === 'L') return members.some((one) => isEqual(one, wanted));
  return type === `${typeOf(wanted)}S` && members.includes(wanted[typeOf(wanted)]);
}

const comparators: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '=': isEqual,
  '<>': (a, b) => !isEqual(a, b),
  '<': (a, b) => order(a, b) < 0,
  '<=': (a, b) => order(a, b) <= 0,
  '>': (a, b) => order(a, b) > 0,
  '>=': (a, b) => order(a, b) >= 0,
};

/** Not a number, so that every comparison is false, where there is no order. */
function order(a: Value, b: Value): number {
  return compare(a, b) ?? Number.NaN;
}

function parseComparison(tokens: Tokens, left: Operand): Condition {
  if (tokens.accept('BETWEEN')) return parseBetween(tokens, left);
  if (tokens.accept('IN')) return parseIn(tokens, left);
  const symbol = tokens.next();
  const test = comparators[symbol];
  if (!test) throw tokens.error(`Syntax error; token: "${symbol || '<EOF>'}"`);
  const right = parseOperand(tokens);
  // An attribute that does not exist is different from every value.
  return (item) => {
    const [a, b] = [left(item), right(item)];
    return a === undefined || b === undefined ? symbol === '<>' && a !== b : test(a, b);
  };
}

function parseBetween(tokens: Tokens, operand: Operand): Condition {
  const lower = parseOperand(tokens);
  tokens.expect('AND');
  const upper = parseOperand(tokens);
  return (item) => {
    const [value, from, to] = [operand(item), lower(item), upper(item)];
    return (
      value !== undefined &&
      from !== undefined &&
      to !== undefined &&
      order(value, from) >= 0 &&
      order(value, to) <= 0
    );
  };
}

function parseIn(tokens: Tokens, operand: Operand): Condition {
  tokens.expect('(');
  const listed = [parseOperand(tokens)];
  while (tokens.accept(',')) listed.push(parseOperand(tokens));
  tokens.expect(')');
  return (item) => {
    const value = operand(item);
    if (value === undefined) return false;
    return listed.some((one) => {
      const other = one(item);
      return other !== undefined && isEqual(value, other);
    });
  };
}

function parseOperand(tokens: Tokens): Operand {
  if (tokens.peek().startsWith(':')) {
    const value = tokens.value();
    return () => value;
  }
  const isSize = tokens.peek() === 'size' && tokens.peek(1) === '(';
  if (!isSize) return pathOperand(tokens);
  tokens.next();
  tokens.expect('(');
  const of = pathOperand(tokens);
  tokens.expect(')');
  return (item) => {
    const value = of(item);
    const length = value && lengthOf(value);
    return length === undefined ? undefined : { N: String(length) };
  };
}

function pathOperand(tokens: Tokens): Operand {
  const path = tokens.path();
  return (item) => read(item, path);
}
