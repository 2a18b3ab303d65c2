import { formatValue } from '#shared/redact.ts';
import type { Manifest } from './manifest.ts';

/** What is wrong about one path of a build. */
export interface Finding {
  readonly path: string;
  readonly what: 'changed' | 'extra' | 'missing' | 'linked' | 'special' | 'unreadable';
}

/** What a walk met: a regular file, a symbolic link, or neither (a pipe, a socket, a device, a name that is no text). */
export interface Met {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'special';
}

export const NAMED = 10;

/** What can be told without reading: only regular files that both sides know are left to read, in the order of `met`. */
export function compareNames(
  met: readonly Met[],
  manifest: Manifest,
  allowLinks: boolean,
): { readonly findings: readonly Finding[]; readonly files: readonly Met[]; readonly links: readonly Met[] } {
  const findings: Finding[] = [];
  const known = new Set<string>();
  for (const { path, kind } of met) {
    known.add(path);
    if (kind === 'special') findings.push({ path, what: 'special' });
    else if (kind === 'link' && !allowLinks) findings.push({ path, what: 'linked' });
    else if (!manifest.has(path)) findings.push({ path, what: 'extra' });
  }
  for (const path of manifest.keys()) if (!known.has(path)) findings.push({ path, what: 'missing' });
  const odd = new Set(findings.map(({ path }) => path));
  const sound = met.filter(({ path }) => !odd.has(path));
  return {
    findings,
    files: sound.filter(({ kind }) => kind === 'file'),
    links: sound.filter(({ kind }) => kind === 'link'),
  };
}

/** Names the first ten. */
export function describeFindings(buildId: string, findings: readonly Finding[]): string {
  const sorted = findings.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const named = sorted.slice(0, NAMED).map(({ path, what }) => `${what} ${formatValue(path)}`);
  const more = findings.length > NAMED ? `, and ${findings.length - NAMED} more` : '';
  const are = findings.length === 1 ? 'one file is' : `${findings.length} files are`;
  return `${buildId}: ${are} not as stamped: ${named.join(', ')}${more}`;
}
