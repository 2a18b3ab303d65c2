import { posix } from 'node:path';
import type { CallExpression, Node } from 'oxc-parser';
import { type Source, walk } from '../docs/source.ts';

/**
 * The names of the metrics that a handler's code writes with the dimensions `service` and `stack` alone: the constant names
 * of its calls, and for a name such as `Cordoned.${severity}` one for each constant text in the code.
 */
export function findMetricNames(sources: ReadonlyMap<string, Source>, handler: string): string[] {
  const reached = [...filesBehind(sources, handler)].map((path) => sources.get(path)).filter((one) => !!one);
  const names = reached.flatMap(namesIn);
  const prefixes = names.filter(({ isPrefix }) => isPrefix).map(({ text }) => text);
  const words = prefixes.length > 0 ? reached.flatMap(textsIn) : [];
  return [
    ...new Set([
      ...names.filter(({ isPrefix }) => !isPrefix).map(({ text }) => text),
      ...prefixes.flatMap((prefix) => words.map((word) => prefix + word)),
    ]),
  ];
}

function filesBehind(sources: ReadonlyMap<string, Source>, from: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    const source = sources.get(path);
    if (!source || reached.has(path)) return;
    reached.add(path);
    for (const target of importsOf(source)) visit(target);
  };
  visit(from);
  return reached;
}

function importsOf({ path, text }: Source): string[] {
  const named = [...text.matchAll(/\bfrom '([^']+)'/g)].map(([, name = '']) => name);
  return named
    .filter((name) => name.startsWith('.') || name.startsWith('#shared/'))
    .map((name) =>
      name.startsWith('#') ? name.slice(1) : posix.normalize(posix.join(posix.dirname(path), name)),
    );
}

interface Name {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** Which argument is the name. addCountBy adds dimensions of its own, so its metrics are others. */
const NAME_AT: Readonly<Record<string, number>> = { addCount: 1, addGauge: 1, addMetric: 0 };

function namesIn(source: Source): Name[] {
  const found: Name[] = [];
  walk(source.program, (node) => {
    if (node.type !== 'CallExpression') return;
    const name = node.arguments[NAME_AT[calledName(node)] ?? -1];
    if (name) found.push(...namesOf(name, source));
  });
  return found;
}

function calledName({ callee }: CallExpression): string {
  if (callee.type === 'Identifier') return callee.name;
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
    ? callee.property.name
    : '';
}

function namesOf(node: Node, source: Source): Name[] {
  if (node.type === 'Literal' && typeof node.value === 'string')
    return [{ text: node.value, isPrefix: false }];
  if (node.type === 'ConditionalExpression')
    return [node.consequent, node.alternate].flatMap((branch) => namesOf(branch, source));
  if (node.type === 'TemplateLiteral') return [{ text: node.quasis[0]?.value.cooked ?? '', isPrefix: true }];
  if (node.type === 'MemberExpression' && node.property.type === 'Identifier')
    return valuesOf(node.property.name, source).map((text) => ({ text, isPrefix: false }));
  return [];
}

/** The constant values of a property, such as `metric` in a table of outcomes. */
function valuesOf(property: string, { program }: Source): string[] {
  const values: string[] = [];
  walk(program, (node) => {
    if (node.type !== 'Property' || node.key.type !== 'Identifier' || node.key.name !== property) return;
    if (node.value.type === 'Literal' && typeof node.value.value === 'string') values.push(node.value.value);
  });
  return values;
}

function textsIn({ program }: Source): string[] {
  const texts: string[] = [];
  walk(program, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string' && /^\w+$/.test(node.value))
      texts.push(node.value);
  });
  return texts;
}
