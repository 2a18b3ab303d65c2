import { type Path, read, write } from './paths.ts';
import { type Placeholders, Tokens } from './tokens.ts';
import { type Item, invalid, isEqual, typeOf, type Value } from './values.ts';

/** One change. It reads from the item as it was before the update. */
type Change = (before: Item, after: Item) => Item;
type Operand = (before: Item) => Value;

/** The clauses SET, REMOVE, ADD and DELETE (developer guide, update expressions). */
export function parseUpdate(text: string, placeholders: Placeholders): (item: Item) => Item {
  const tokens = new Tokens('UpdateExpression', text, placeholders);
  const changes: Change[] = [];
  while (tokens.peek() !== '') {
    const parse = clauses[tokens.keyword];
    if (!parse) throw tokens.error(`Syntax error; token: "${tokens.peek()}"`);
    tokens.next();
    do changes.push(parse(tokens));
    while (tokens.accept(','));
  }
  return (before) => changes.reduce((after, change) => change(before, after), before);
}

const clauses: Readonly<Record<string, (tokens: Tokens) => Change>> = {
  SET: (tokens) => {
    const path = tokens.path();
    tokens.expect('=');
    const value = parseSum(tokens);
    return (before, after) => write(after, path, value(before));
  },
  REMOVE: (tokens) => {
    const path = tokens.path();
    return (_, after) => write(after, path, undefined);
  },
  ADD: withValue((known, added) => {
    if (typeOf(added) === 'N') return known === undefined ? added : calculate(known, added, 1);
    return known === undefined ? added : union(known, added);
  }),
  DELETE: withValue((known, removed) => known && without(known, removed)),
};

function withValue(
  combine: (known: Value | undefined, given: Value) => Value | undefined,
): (tokens: Tokens) => Change {
  return (tokens) => {
    const path = tokens.path();
    const given = tokens.value();
    return (before, after) => write(after, path, combine(read(before, path), given));
  };
}

function parseSum(tokens: Tokens): Operand {
  const left = parseOperand(tokens);
  const sign = tokens.accept('+') ? 1 : tokens.accept('-') ? -1 : 0;
  if (sign === 0) return left;
  const right = parseOperand(tokens);
  return (before) => calculate(left(before), right(before), sign);
}

function parseOperand(tokens: Tokens): Operand {
  if (tokens.peek().startsWith(':')) {
    const value = tokens.value();
    return () => value;
  }
  if (tokens.peek(1) !== '(') return existing(tokens.path());
  const name = tokens.next();
  tokens.expect('(');
  const operand = parseFunction(name, tokens);
  tokens.expect(')');
  return operand;
}

function parseFunction(name: string, tokens: Tokens): Operand {
  if (name === 'if_not_exists') {
    const path = tokens.path();
    tokens.expect(',');
    const fallback = parseOperand(tokens);
    return (before) => read(before, path) ?? fallback(before);
  }
  if (name !== 'list_append') throw tokens.error(`Invalid function name; function: ${name}`);
  const first = parseOperand(tokens);
  tokens.expect(',');
  const second = parseOperand(tokens);
  return (before) => ({ L: [first(before), second(before)].flatMap((one) => membersOfList(one)) });
}

function existing(path: Path): Operand {
  return (before) => {
    const value = read(before, path);
    if (value) return value;
    throw invalid('The provided expression refers to an attribute that does not exist in the item');
  };
}

function calculate(a: Value, b: Value, sign: 1 | -1): Value {
  if (typeOf(a) !== 'N' || typeOf(b) !== 'N')
    throw invalid('An operand in the update expression has an incorrect data type');
  return { N: String(Number(a['N']) + sign * Number(b['N'])) };
}

function union(known: Value, added: Value): Value {
  const type = sameSet(known, added);
  return { [type]: [...new Set([...members(known), ...members(added)])] };
}

function without(known: Value, removed: Value): Value | undefined {
  const type = sameSet(known, removed);
  const gone = members(removed);
  const left = members(known).filter((one) => !gone.includes(one));
  return left.length === 0 ? undefined : { [type]: left };
}

function sameSet(a: Value, b: Value): string {
  if (typeOf(a) === typeOf(b) && typeOf(a).endsWith('S') && typeOf(a).length === 2) return typeOf(a);
  throw invalid('An operand in the update expression has an incorrect data type');
}

function members(value: Value): unknown[] {
  const inner = value[typeOf(value)];
  return Array.isArray(inner) ? inner : [];
}

function membersOfList(value: Value): unknown[] {
  if (typeOf(value) === 'L') return members(value);
  throw invalid('An operand in the update expression has an incorrect data type');
}

/** An update cannot change the key of an item. */
export function checkKeyUnchanged(before: Item, after: Item, keys: readonly string[]): void {
  const changed = keys.find((name) => {
    const [a, b] = [before[name], after[name]];
    return !a || !b || !isEqual(a, b);
  });
  if (changed !== undefined)
    throw invalid(
      `One or more parameter values were invalid: Cannot update attribute ${changed}. This attribute is part of the key`,
    );
}
