import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Comment, type Node, parseSync } from 'oxc-parser';
import { ROOT } from '../template.ts';

/** A parsed TypeScript file of the project. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: Node;
  readonly comments: readonly Comment[];
}

/** Parses every TypeScript file below the folders. @throws for a syntax error */
export function readSources(folders: readonly string[]): Source[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name.replaceAll('\\', '/')}`,
      ),
    )
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function parseSource(path: string, text: string): Source {
  const { comments, errors, program } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  return { path, text, program, comments };
}

export function lineOf({ text }: Source, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Calls `visit` for each node, with its ancestors from the program down. */
export function walk(root: Node, visit: (node: Node, ancestors: readonly Node[]) => void): void {
  const step = (node: Node, ancestors: readonly Node[]): void => {
    visit(node, ancestors);
    const below = [...ancestors, node];
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) step(child, below);
    }
  };
  step(root, []);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
