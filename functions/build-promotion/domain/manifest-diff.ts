import { formatValue } from '#shared/redact.ts';
import type { FileDifference } from './file-difference.ts';
import type { Manifest } from './manifest.ts';

/** A file found on disk. `special`: a pipe, a socket, a device, or a name that is not valid UTF-8. */
export interface FoundFile {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'special';
}

const MAX_NAMED = 10;

/** Compares names without reading files. @returns the differences, and the files and links that must still be read */
export function compareNames(
  found: readonly FoundFile[],
  manifest: Manifest,
  allowLinks: boolean,
): {
  readonly differences: readonly FileDifference[];
  readonly files: readonly FoundFile[];
  readonly links: readonly FoundFile[];
} {
  const differences: FileDifference[] = [];
  const known = new Set<string>();
  for (const { path, kind } of found) {
    known.add(path);
    if (kind === 'special') differences.push({ path, kind: 'special' });
    else if (kind === 'link' && !allowLinks) differences.push({ path, kind: 'linked' });
    else if (!manifest.hashes.has(path)) differences.push({ path, kind: 'extra' });
  }
  for (const path of manifest.hashes.keys())
    if (!known.has(path)) differences.push({ path, kind: 'missing' });
  const different = new Set(differences.map(({ path }) => path));
  const matching = found.filter(({ path }) => !different.has(path));
  return {
    differences,
    files: matching.filter(({ kind }) => kind === 'file'),
    links: matching.filter(({ kind }) => kind === 'link'),
  };
}

/** Lists the first ten differences. */
export function describeDifferences(buildId: string, differences: readonly FileDifference[]): string {
  const sorted = differences.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const named = sorted.slice(0, MAX_NAMED).map(({ path, kind }) => `${kind} ${formatValue(path)}`);
  const omitted = differences.length > MAX_NAMED ? `, and ${differences.length - MAX_NAMED} more` : '';
  const subject = differences.length === 1 ? 'one file does' : `${differences.length} files do`;
  return `${buildId}: ${subject} not match the manifest: ${named.join(', ')}${omitted}`;
}
