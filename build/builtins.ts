import type { Plugin } from 'esbuild';
import { type Node, parseSync, visitorKeys } from 'oxc-parser';
import { applyEdits, type Edit } from './edits.ts';

/**
 * An import of one of Node's own modules reads every property that it exports, because an ES module cannot export
 * getters. Some of these getters load other modules: those of `fs` load streams and readline, those of `http` load
 * `fetch`. A bundle therefore takes the same objects from `process.getBuiltinModule`, and only the properties it uses.
 */
export const ownBuiltins: Plugin = {
  name: 'own-builtins',
  setup(build) {
    if (!build.initialOptions.minify || build.initialOptions.write !== false) return;
    build.onEnd(({ outputFiles = [] }) => {
      for (const file of outputFiles) {
        if (file.path.endsWith('js')) file.contents = new TextEncoder().encode(takeBuiltins(file.text));
      }
    });
  },
};

type Program = ReturnType<typeof parseSync>['program'];
type Import = Extract<Program['body'][number], { readonly type: 'ImportDeclaration' }>;

/** The same module without an import of Node's own modules. Imports are evaluated first, and so are the properties. */
export function takeBuiltins(code: string): string {
  const { program, errors } = parseSync('bundle.mjs', code);
  if (errors[0]) throw new Error(`The bundle does not parse: ${errors[0].message}`);
  const imports = program.body.filter(
    (one): one is Import => one.type === 'ImportDeclaration' && isBuiltin(one.source.value),
  );
  const edits: Edit[] = [
    ...imports.map(({ start, end }) => ({ start, end, text: '' })),
    ...findDynamicImports(program),
  ];
  const declared = imports.flatMap(declare);
  return `${declared.length > 0 ? `var ${declared.join(',')};` : ''}${applyEdits(code, edits)}`;
}

/** `fs/promises` has no getters, and stays an import whose functions follow `syncBuiltinESMExports`. */
function isBuiltin(name: unknown): boolean {
  return typeof name === 'string' && name.startsWith('node:') && name !== 'node:fs/promises';
}

function declare({ source, specifiers }: Import): readonly string[] {
  const module = builtin(source.value);
  const named = specifiers.flatMap((one) => {
    if (one.type !== 'ImportSpecifier' || nameOf(one.imported) === 'default') return [];
    return nameOf(one.imported) === one.local.name
      ? one.local.name
      : `${nameOf(one.imported)}:${one.local.name}`;
  });
  const whole = specifiers
    .filter((one) => one.type !== 'ImportSpecifier' || nameOf(one.imported) === 'default')
    .map(({ local }) => `${local.name}=${module}`);
  return named.length > 0 ? [...whole, `{${named.join(',')}}=${module}`] : whole;
}

function nameOf(imported: {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
}): string {
  return imported.name ?? String(imported.value);
}

function builtin(name: string): string {
  return `process.getBuiltinModule(${JSON.stringify(name)})`;
}

/** `import("node:http")` also gives the module as `default`. */
function findDynamicImports(node: Node): readonly Edit[] {
  if (node.type === 'ImportExpression' && node.source.type === 'Literal' && isBuiltin(node.source.value)) {
    const module = builtin(String(node.source.value));
    const text = `Promise.resolve({__proto__:${module},default:${module}})`;
    return [{ start: node.start, end: node.end, text }];
  }
  return (visitorKeys[node.type] ?? []).flatMap((key) => {
    const value: unknown = Reflect.get(node, key);
    return (Array.isArray(value) ? value : [value]).filter(isNode).flatMap(findDynamicImports);
  });
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
