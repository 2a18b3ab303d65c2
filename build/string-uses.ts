import { type Node, parseSync, visitorKeys } from 'oxc-parser';
import type { Span } from './edits.ts';

/** What a module has of texts, and of names that stand for texts. */
export interface Uses {
  /** By text: where it or a constant that stands for it is written in an expression. */
  readonly places: ReadonlyMap<string, readonly Span[]>;
  /** What declares those constants, to be cut. */
  readonly cuts: readonly Span[];
  /** Names that are still in use without those constants. */
  readonly names: ReadonlySet<string>;
}

type Program = ReturnType<typeof parseSync>['program'];
type Declaration = Extract<Program['body'][number], { readonly type: 'VariableDeclaration' }>;
type Declarator = Declaration['declarations'][number];

/** Constants by name, with the text that each stands for. */
type Constants = ReadonlyMap<string, string>;

/** @throws if the module does not parse */
export function findUses(code: string): Uses {
  const { program, errors } = parseSync('bundle.mjs', code);
  if (errors[0]) throw new Error(`The bundle does not parse: ${errors[0].message}`);
  const walked = walk(program);
  const declarations = program.body.filter((one): one is Declaration => one.type === 'VariableDeclaration');
  const declarators = declarations.flatMap((one) => one.declarations);
  const constants = new Map(declarators.flatMap((one) => constantsOf(one, walked)));
  const names = [...walked.reads.map(({ name }) => name), ...walked.targets.keys()];
  return {
    places: Map.groupBy(findOccurrences(walked, declarators, constants), ({ value }) => value),
    cuts: declarations.flatMap((one) => cut(one, constants)),
    names: new Set(names.filter((name) => !constants.has(name))),
  };
}

/** Name and text, if the name stands for this text wherever it is read. */
function constantsOf({ id, init }: Declarator, { targets }: Walked): readonly (readonly [string, string])[] {
  if (id.type !== 'Identifier' || init?.type !== 'Literal' || typeof init.value !== 'string') return [];
  return targets.get(id.name) === 1 ? [[id.name, init.value]] : [];
}

function isConstant({ id }: Declarator, constants: Constants): boolean {
  return id.type === 'Identifier' && constants.has(id.name);
}

type Occurrence = { readonly value: string } & Span;

/** Every text but those that only declare a constant, and every place where a constant is read. */
function findOccurrences(
  walked: Walked,
  declarators: readonly Declarator[],
  constants: Constants,
): readonly Occurrence[] {
  const declared = new Set(
    declarators.filter((one) => isConstant(one, constants)).map(({ init }) => init?.start),
  );
  const read = walked.reads.flatMap(({ name, ...span }) => {
    const value = constants.get(name);
    return value === undefined ? [] : [{ value, ...span }];
  });
  return [...walked.texts.filter(({ start }) => !declared.has(start)), ...read];
}

/** What to cut of a declaration so that only the others of its names are declared. */
function cut(declaration: Declaration, constants: Constants): readonly Span[] {
  const all = declaration.declarations;
  const isKept = (one: Declarator): boolean => !isConstant(one, constants);
  const last = all.findLastIndex(isKept);
  if (last === -1) return [declaration];
  return all.flatMap((one, index) => {
    if (isKept(one)) return [];
    const next = all[index + 1];
    return index < last && next
      ? [{ start: one.start, end: next.start }]
      : [{ start: all[index - 1]?.end ?? one.start, end: one.end }];
  });
}

interface Walked {
  readonly texts: Occurrence[];
  readonly reads: ({ readonly name: string } & Span)[];
  /** How often a name is declared or assigned, or stands where it cannot be replaced. */
  readonly targets: Map<string, number>;
}

function walk(program: Program): Walked {
  const walked: Walked = { texts: [], reads: [], targets: new Map() };
  visit(program, false, walked);
  return walked;
}

/** @param isTarget whether what the node names is declared or assigned by it */
function visit(node: Node, isTarget: boolean, walked: Walked): void {
  const { start, end } = node;
  if (node.type === 'Identifier' && isTarget) {
    walked.targets.set(node.name, (walked.targets.get(node.name) ?? 0) + 1);
  } else if (node.type === 'Identifier') {
    walked.reads.push({ name: node.name, start, end });
  } else if (node.type === 'Literal') {
    if (typeof node.value === 'string') walked.texts.push({ value: node.value, start, end });
  } else visitChildren(node, isTarget, walked);
}

function visitChildren(node: Node, isTarget: boolean, walked: Walked): void {
  for (const key of visitorKeys[node.type] ?? []) {
    const role = roleOf(node, key, isTarget);
    if (role === 'skipped') continue;
    for (const child of childrenOf(node, key)) visit(child, role === 'target', walked);
  }
}

function childrenOf(node: Node, key: string): readonly Node[] {
  const value: unknown = Reflect.get(node, key);
  return (Array.isArray(value) ? value : [value]).filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** `target`: declared or assigned by the node; `skipped`: no expression, but a name of a member or a module. */
type Role = 'read' | 'target' | 'skipped';

/** What a child is to its node. */
function roleOf(node: Node, key: string, isTarget: boolean): Role {
  const role = ROLES[`${node.type}.${key}`];
  if (role) return role;
  if (/^(key|property)$/.test(key) && 'computed' in node) return node.computed ? 'read' : 'skipped';
  if (node.type === 'ExpressionStatement' && node.directive) return 'skipped';
  if (node.type === 'Property') return isTarget || node.shorthand ? 'target' : 'read'; // { a } cannot name another
  return isTarget && /(Pattern|RestElement)$/.test(node.type) ? 'target' : 'read';
}

// Children that are always the same to their node, and not just read.
const ROLES: Readonly<Record<string, Role>> = {
  'VariableDeclarator.id': 'target',
  'FunctionDeclaration.id': 'target',
  'FunctionDeclaration.params': 'target',
  'FunctionExpression.id': 'target',
  'FunctionExpression.params': 'target',
  'ArrowFunctionExpression.params': 'target',
  'ClassDeclaration.id': 'target',
  'ClassExpression.id': 'target',
  'CatchClause.param': 'target',
  'AssignmentExpression.left': 'target',
  'UpdateExpression.argument': 'target',
  'ForInStatement.left': 'target',
  'ForOfStatement.left': 'target',
  'AccessorProperty.key': 'skipped',
  'MetaProperty.meta': 'skipped',
  'MetaProperty.property': 'skipped',
  'ImportSpecifier.local': 'target',
  'ImportDefaultSpecifier.local': 'target',
  'ImportNamespaceSpecifier.local': 'target',
  'ExportSpecifier.local': 'target',
  'AssignmentPattern.right': 'read',
  'ImportSpecifier.imported': 'skipped',
  'ExportSpecifier.exported': 'skipped',
  'ImportAttribute.key': 'skipped',
  'ImportAttribute.value': 'skipped',
  'ImportDeclaration.source': 'skipped',
  'ImportExpression.source': 'skipped',
  'ExportNamedDeclaration.source': 'skipped',
  'ExportAllDeclaration.source': 'skipped',
  'LabeledStatement.label': 'skipped',
  'BreakStatement.label': 'skipped',
  'ContinueStatement.label': 'skipped',
};
