import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { BuildResult, BuiltFunction } from '../build.ts';

const LISTED = 10;

export interface Weight {
  readonly function: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly budgetBytes: number;
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
}

/** What each bundle weighs, and its parts by package, the heaviest first. */
export function weigh(result: BuildResult): readonly Weight[] {
  return result.functions.map((built) => ({
    function: built.id,
    bytes: built.bytes,
    gzipBytes: gzipSync(readFileSync(built.file)).length,
    budgetBytes: built.budgetBytes,
    parts: sumByPackage(built),
  }));
}

/** The weights for people: a line per bundle, its ten heaviest parts below it. */
export function formatWeights(weights: readonly Weight[]): string {
  return weights.map(formatWeight).join('\n\n');
}

function formatWeight(weight: Weight): string {
  const over = weight.bytes > weight.budgetBytes ? '  OVER ITS BUDGET' : '';
  const title = `${weight.function}  ${kb(weight.bytes)} of ${kb(weight.budgetBytes)}, gzip ${kb(weight.gzipBytes)}${over}`;
  const listed = weight.parts.slice(0, LISTED).map(({ name, bytes }) => `${kb(bytes).padStart(12)}  ${name}`);
  const rest = weight.parts.slice(LISTED).reduce((sum, { bytes }) => sum + bytes, 0);
  return [title, ...listed, ...(rest > 0 ? [`${kb(rest).padStart(12)}  the rest`] : [])].join('\n');
}

function sumByPackage(built: BuiltFunction): Weight['parts'] {
  const sums = new Map<string, number>();
  for (const [path, bytes] of Object.entries(built.inputs)) {
    const name = nameOf(path);
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  return [...sums].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The package a file belongs to; for the pack's own files their folder. */
function nameOf(path: string): string {
  const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return installed ?? (/^(functions\/[^/]+|shared)\//.exec(path)?.[1] || path);
}

function kb(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}
