import { isMapping, list, type Mapping, mapping } from '../json.ts';

/** What intrinsic functions look things up in. */
export interface Scope {
  /** The value of a parameter, a pseudo parameter or a resource; throws for a name that nothing has. */
  ref(name: string): unknown;
  attribute(logicalId: string, name: string): string;
  condition(name: string): boolean;
  readonly mappings: Mapping;
}

/** What AWS::NoValue stands for: the property that carries it is left out. */
export const noValue = Symbol('AWS::NoValue');

/** A part of a template with its intrinsic functions worked out. An unknown function is refused by name. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, scope)).filter((one) => one !== noValue);
  if (!isMapping(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0 && isIntrinsic(name)) return call(name, value[name], scope);
  const entries = Object.entries(value).map(([key, one]) => [key, resolve(one, scope)] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== noValue));
}

/** A condition of the template or a Fn::If's own, worked out. */
export function isMet(condition: unknown, scope: Scope): boolean {
  const result = resolve(condition, scope);
  if (typeof result !== 'boolean') throw new Error(`${JSON.stringify(condition)} is no condition`);
  return result;
}

function isIntrinsic(name: string): boolean {
  return name === 'Ref' || name === 'Condition' || name.startsWith('Fn::');
}

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) => scope.ref(String(name)),
  Condition: readCondition,
  'Fn::GetAtt': getAttribute,
  'Fn::Sub': substitute,
  'Fn::If': choose,
  'Fn::Equals': (argument, scope) => {
    const [left, right] = resolveList(argument, scope, 2);
    return String(left) === String(right);
  },
  'Fn::And': (argument, scope) => list(argument).every((one) => isMet(one, scope)),
  'Fn::Or': (argument, scope) => list(argument).some((one) => isMet(one, scope)),
  'Fn::Not': (argument, scope) => !isMet(list(argument)[0], scope),
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = resolveList(argument, scope, 2);
    return list(parts).join(String(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, from] = resolveList(argument, scope, 2);
    const selected = list(from)[Number(index)];
    if (selected === undefined)
      throw new Error(`Fn::Select finds nothing at ${index} of ${JSON.stringify(from)}`);
    return selected;
  },
  'Fn::GetAZs': (argument, scope) => {
    const region = resolve(argument, scope) || scope.ref('AWS::Region');
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = resolveList(argument, scope, 2);
    return String(text).split(String(separator));
  },
  'Fn::FindInMap': (argument, scope) => {
    const keys = resolveList(argument, scope, 3).map(String);
    const found = keys.reduce<unknown>((part, key) => mapping(part)[key], scope.mappings);
    if (found === undefined) throw new Error(`Fn::FindInMap finds nothing under ${keys.join(' / ')}`);
    return found;
  },
};

function call(name: string, argument: unknown, scope: Scope): unknown {
  const intrinsic = intrinsics[name];
  if (intrinsic) return intrinsic(argument, scope);
  throw new Error(`${name} is not understood here: add it to local/stack/intrinsics.ts`);
}

/** `{ Condition: Name }` refers to a condition; elsewhere, as in a policy's statement, Condition is a plain key. */
function readCondition(argument: unknown, scope: Scope): unknown {
  return typeof argument === 'string' ? scope.condition(argument) : { Condition: resolve(argument, scope) };
}

function getAttribute(argument: unknown, scope: Scope): string {
  const [id, ...name] = typeof argument === 'string' ? argument.split('.') : list(argument).map(String);
  if (id === undefined || name.length === 0) {
    throw new Error(`Fn::GetAtt takes a resource and an attribute, not ${JSON.stringify(argument)}`);
  }
  return scope.attribute(id, name.join('.'));
}

function choose(argument: unknown, scope: Scope): unknown {
  const [condition, then, otherwise] = list(argument);
  return resolve(scope.condition(String(condition)) ? then : otherwise, scope);
}

/** Both forms: the text alone, and the text with variables of its own. `${!Literal}` stays as `${Literal}`. */
function substitute(argument: unknown, scope: Scope): string {
  const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
  if (typeof text !== 'string') throw new Error(`Fn::Sub takes a text, not ${JSON.stringify(text)}`);
  const variables = mapping(resolve(own, scope));
  return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return String(variables[name]);
    return String(name.includes('.') ? getAttribute(name, scope) : scope.ref(name));
  });
}

function resolveList(argument: unknown, scope: Scope, length: number): readonly unknown[] {
  const values = resolve(argument, scope);
  if (Array.isArray(values) && values.length === length) return values;
  throw new Error(`An intrinsic function takes ${length} arguments, not ${JSON.stringify(argument)}`);
}
