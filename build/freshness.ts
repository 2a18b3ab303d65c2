import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { listTemplates } from './declared.ts';

/** The files of a build: what it read and what it wrote, relative to the root. */
export interface BuildFiles {
  readonly root: string;
  readonly outdir: string;
  readonly sources: readonly string[];
  readonly bundles: readonly string[];
  /** Epoch milliseconds. A source that changed after this may not be in the bundles as it is now. */
  readonly startedAt: number;
}

/** By path, relative to the root. */
type BuildRecord = Readonly<Record<string, FileState>>;

interface FileState {
  readonly mtimeMs: number;
  readonly size: number;
  readonly hash: string;
}

/** Next to the bundles, so that deleting dist/ deletes it too. */
const recordIn = (outdir: string): string => join(outdir, '.build.json');

/** Records what a build read and wrote, so that `isFresh` can tell whether anything changed since. */
export function recordBuild({ root, outdir, sources, bundles, startedAt }: BuildFiles): void {
  const files = [
    ...sources.map((path) => [path, stateOf(join(root, path), startedAt)] as const),
    ...bundles.map((path) => [path, stateOf(join(root, path))] as const),
  ];
  const record: BuildRecord = Object.fromEntries(files);
  mkdirSync(outdir, { recursive: true });
  const draft = `${recordIn(outdir)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(record));
  renameSync(draft, recordIn(outdir));
}

/** After a build with settings of its own, whose bundles must not pass for the usual ones. */
export function forgetBuild(outdir: string): void {
  rmSync(recordIn(outdir), { force: true });
}

/** Whether every file that the last build read or wrote is as it was then, and no source was added. */
export function isFresh(root: string, outdir: string): boolean {
  const record = readRecord(outdir);
  if (!record || listOwnSources(root).some((path) => !Object.hasOwn(record, path))) return false;
  return Object.entries(record).every(([path, state]) => isUnchanged(join(root, path), state));
}

/** Templates and the pack's code. A file that nothing imports counts too: see the words in schemas.ts. */
export function listOwnSources(root: string): readonly string[] {
  return [...listTemplates(root), ...globSync(['functions/**/*.ts', 'shared/**/*.ts'], { cwd: root })];
}

function readRecord(outdir: string): BuildRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordIn(outdir), 'utf8'));
  } catch {
    return undefined; // never built, or by a build that was interrupted
  }
}

function stateOf(file: string, startedAt = Number.POSITIVE_INFINITY): FileState {
  const { mtimeMs, size } = statSync(file);
  if (mtimeMs >= startedAt) return changedMeanwhile;
  return { mtimeMs, size, hash: hashOf(file) };
}

/** Equals the state of no file, so that the next build reads it again. */
const changedMeanwhile: FileState = { mtimeMs: -1, size: -1, hash: '' };

/** A file that was only touched, as git does, is unchanged. */
function isUnchanged(file: string, { mtimeMs, size, hash }: FileState): boolean {
  if (!existsSync(file)) return false;
  const now = statSync(file);
  if (now.size !== size) return false;
  return now.mtimeMs === mtimeMs || hashOf(file) === hash;
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
