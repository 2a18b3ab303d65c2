import { createHash } from 'node:crypto';
import { lstat, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import type { FileDifference } from '../domain/file-difference.ts';
import type { Manifest } from '../domain/manifest.ts';
import { compareNames, type FoundFile } from '../domain/manifest-diff.ts';
import { compareFolders, fileModeDifference, folderModeDifference } from '../domain/modes.ts';
import { type ReadResult, readFiles } from './hash-files.ts';
import { EFS_CONCURRENCY, listTree, stampedFiles } from './walk.ts';

export interface CompareOptions {
  /** Accept a symbolic link to a file in the same build if the manifest has the same hash for both. */
  readonly allowLinks: boolean;
  /** Accept hard links, as in a copy that shares unchanged files with the previous release. */
  readonly allowHardLinks: boolean;
  readonly isOutOfTime: () => boolean;
  /** Files already read, and the fingerprint of their attributes at that time. */
  readonly resume?: { readonly done: number; readonly fingerprint: string } | undefined;
  /** Compare only attributes: the fingerprint then shows whether something changed, but not what. */
  readonly attributesOnly?: boolean;
}

export interface ComparisonResult {
  readonly differences: readonly FileDifference[];
  /** Number of files to compare. */
  readonly files: number;
  readonly doneFiles: number;
  readonly bytes: number;
  /** Over path, inode, size, times, mode and owner of the files done, and over links and folders when all are done. */
  readonly fingerprint: string;
}

/** Compares the files on disk with the manifest. Paths in the manifest are never opened. */
export async function compareWithManifest(
  build: string,
  manifest: Manifest,
  options: CompareOptions,
): Promise<ComparisonResult> {
  const tree = await listTree(build, stampedFiles(manifest.modes !== undefined));
  const { differences, files, links } = compareNames(tree.found, manifest, options.allowLinks);
  const nameDifferences = [...differences, ...compareFolders(tree.folders, manifest.modes)];
  const owner = (await lstat(build)).uid;
  const paths = files.map(({ path }) => path);
  const unchanged = await readUnchanged(build, paths, options);
  // No time even to check the files read before: the progress stays the same for the next invocation.
  if (!unchanged && options.resume) {
    const { fingerprint, done } = options.resume;
    return { differences: nameDifferences, files: paths.length, bytes: 0, doneFiles: done, fingerprint };
  }
  const readings = await readFiles(
    paths.slice(unchanged?.length).map((path) => join(build, path)),
    options,
  );
  const all = [...(unchanged ?? []), ...readings];
  const rules = { ...options, manifest, owner };
  const changed = all.flatMap((reading, at) => compareFile(reading, paths[at] ?? '', rules));
  const isComplete = all.length === paths.length;
  const [badLinks, targets] = isComplete
    ? await readLinks(build, links, { manifest, files: new Set(paths) })
    : [[], []];
  const [badFolders, folders] = isComplete ? await readFolders(build, tree.folders, rules) : [[], []];
  return {
    differences: [...nameDifferences, ...changed, ...badLinks, ...badFolders],
    files: paths.length,
    doneFiles: all.length,
    bytes: all.reduce((sum, one) => sum + (typeof one === 'string' ? 0 : one.stats.size), 0),
    fingerprint: fingerprintOf(paths, all, [...targets, ...folders]),
  };
}

/** The files read by an earlier invocation; empty if one of them changed, undefined if time ran out. */
async function readUnchanged(
  build: string,
  paths: readonly string[],
  { resume, isOutOfTime }: CompareOptions,
): Promise<ReadResult[] | undefined> {
  if (!resume || resume.done > paths.length) return [];
  const before = paths.slice(0, resume.done);
  const current = await readFiles(
    before.map((path) => join(build, path)),
    { attributesOnly: true, isOutOfTime },
  );
  if (current.length < before.length) return undefined;
  return fingerprintOf(before, current, []) === resume.fingerprint ? current : [];
}

interface Rules extends CompareOptions {
  readonly manifest: Manifest;
  /** User id of the build's folder. */
  readonly owner: number;
}

function compareFile(
  reading: ReadResult,
  path: string,
  { allowHardLinks, manifest, owner }: Rules,
): readonly FileDifference[] {
  if (typeof reading === 'string') return [{ path, kind: reading }];
  if (reading.hash !== undefined && reading.hash !== manifest.hashes.get(path))
    return [{ path, kind: 'changed' }];
  // A write to the other hard link would change this file.
  if (reading.stats.nlink > 1 && !allowHardLinks) return [{ path, kind: 'linked' }];
  const difference = fileModeDifference(path, reading.stats, manifest.modes, owner);
  return difference ? [difference] : [];
}

/** The permissions of the build's folder and all folders in it; the lines are for the fingerprint. */
async function readFolders(
  build: string,
  folders: readonly string[],
  { manifest, owner }: Rules,
): Promise<readonly [FileDifference[], string[]]> {
  const paths = ['', ...folders];
  const all = await mapLimit(paths, EFS_CONCURRENCY, (path) => lstat(join(build, path)));
  const differences = all.flatMap(
    (stats, at) => folderModeDifference(`${paths[at]}/`, stats, manifest.modes, owner) ?? [],
  );
  return [differences, all.map(({ gid, mode, uid }, at) => `${paths[at]}/\0${mode}\0${uid}\0${gid}\n`)];
}

interface LinkContext {
  readonly manifest: Manifest;
  /** Regular files of the build. */
  readonly files: ReadonlySet<string>;
}

/** Checks the text of each link. Links are not followed, because their target must be a file that is read anyway. */
async function readLinks(
  build: string,
  links: readonly FoundFile[],
  { files, manifest }: LinkContext,
): Promise<readonly [FileDifference[], string[]]> {
  const targets = await mapLimit(links, EFS_CONCURRENCY, ({ path }) => readlink(join(build, path)));
  const differences = links.flatMap(({ path }, at): FileDifference[] => {
    const target = targets[at] ?? '';
    const leadsTo = posix.normalize(posix.join(posix.dirname(path), target));
    const isInside = !posix.isAbsolute(target) && files.has(leadsTo);
    return isInside && manifest.hashes.get(leadsTo) === manifest.hashes.get(path)
      ? []
      : [{ path, kind: 'linked' }];
  });
  return [differences, links.map(({ path }, at) => `${path}\0${targets[at]}\n`)];
}

function fingerprintOf(
  paths: readonly string[],
  readings: readonly ReadResult[],
  lines: readonly string[],
): string {
  const whole = createHash('sha256');
  for (const [at, reading] of readings.entries()) {
    if (typeof reading === 'string') continue;
    const { ctimeMs, gid, ino, mode, mtimeMs, size, uid } = reading.stats;
    const attributes = [ino, size, mtimeMs, ctimeMs, mode, uid, gid].join('\0');
    whole.update(`${paths[at]}\0${attributes}\n`);
  }
  for (const line of lines) whole.update(line);
  return whole.digest('hex');
}
