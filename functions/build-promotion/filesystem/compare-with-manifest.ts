import { createHash } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { mapLimit } from '#shared/concurrency.ts';
import type { Manifest } from '../domain/manifest.ts';
import { compareNames, type Finding, type Met } from '../domain/manifest-diff.ts';
import { type Read, readFiles } from './hash-files.ts';
import { LANES, walk } from './walk.ts';

export interface InspectOptions {
  /** Links within the build, to a file of the same digest, count as that file. */
  readonly allowLinks: boolean;
  /** A file may have other names, as in a copy that shares what did not change with the release before. */
  readonly allowNames: boolean;
  readonly stop: () => boolean;
  /** Read already: so many files, whose attributes then had this digest. */
  readonly resume?: { readonly done: number; readonly digest: string } | undefined;
  /** Compares attributes alone: the fingerprint says whether something has changed, not what. */
  readonly attributesOnly?: boolean;
}

export interface Inspection {
  readonly findings: readonly Finding[];
  /** Of these files so many are through; the rest is for another time. */
  readonly files: number;
  readonly done: number;
  readonly bytes: number;
  /** Over path, inode, size, mtime and ctime of the files that are through. */
  readonly digest: string;
}

/** Walks a build and compares it with its manifest. No path that the manifest names is ever opened. */
export async function inspect(
  build: string,
  manifest: Manifest,
  options: InspectOptions,
): Promise<Inspection> {
  const { met } = await walk(build);
  const { files, findings, links } = compareNames(met, manifest, options.allowLinks);
  const paths = files.map(({ path }) => path);
  const fresh = await readFresh(build, paths, options);
  // No time even to look at what was read before: that stays as it is, for the next invocation.
  if (!fresh && options.resume) {
    const { digest, done } = options.resume;
    return { findings, files: paths.length, bytes: 0, done, digest };
  }
  const readings = await readFiles(
    paths.slice(fresh?.length).map((path) => join(build, path)),
    options,
  );
  const all = [...(fresh ?? []), ...readings];
  const changed = all.flatMap((reading, at) => judge(reading, paths[at] ?? '', manifest, options));
  const isWhole = all.length === paths.length;
  const [bad, targets] = isWhole
    ? await readLinks(build, links, { manifest, files: new Set(paths) })
    : [[], []];
  return {
    findings: [...findings, ...changed, ...bad],
    files: paths.length,
    done: all.length,
    bytes: all.reduce((sum, one) => sum + (typeof one === 'string' ? 0 : one.stats.size), 0),
    digest: fingerprint(paths, all, targets),
  };
}

/** The readings of an earlier invocation, none if one of these files has changed since; undefined when time ran out. */
async function readFresh(
  build: string,
  paths: readonly string[],
  { resume, stop }: InspectOptions,
): Promise<Read[] | undefined> {
  if (!resume || resume.done > paths.length) return [];
  const before = paths.slice(0, resume.done);
  const seen = await readFiles(
    before.map((path) => join(build, path)),
    { attributesOnly: true, stop },
  );
  if (seen.length < before.length) return undefined;
  return fingerprint(before, seen, []) === resume.digest ? seen : [];
}

function judge(
  reading: Read,
  path: string,
  manifest: Manifest,
  { allowNames }: InspectOptions,
): readonly Finding[] {
  if (typeof reading === 'string') return [{ path, what: reading }];
  if (reading.digest !== undefined && reading.digest !== manifest.get(path))
    return [{ path, what: 'changed' }];
  // Whoever writes by the other name changes this file.
  return reading.stats.nlink > 1 && !allowNames ? [{ path, what: 'linked' }] : [];
}

interface Inside {
  readonly manifest: Manifest;
  /** The regular files. */
  readonly files: ReadonlySet<string>;
}

/** Where each link leads, as text: the link is not followed, since the file it must lead to is read anyway. */
async function readLinks(
  build: string,
  links: readonly Met[],
  { files, manifest }: Inside,
): Promise<readonly [Finding[], string[]]> {
  const targets = await mapLimit(links, LANES, ({ path }) => readlink(join(build, path)));
  const findings = links.flatMap(({ path }, at): Finding[] => {
    const target = targets[at] ?? '';
    const leadsTo = posix.normalize(posix.join(posix.dirname(path), target));
    const isInside = !posix.isAbsolute(target) && files.has(leadsTo);
    return isInside && manifest.get(leadsTo) === manifest.get(path) ? [] : [{ path, what: 'linked' }];
  });
  return [findings, links.map(({ path }, at) => `${path}\0${targets[at]}\n`)];
}

function fingerprint(paths: readonly string[], readings: readonly Read[], links: readonly string[]): string {
  const whole = createHash('sha256');
  for (const [at, reading] of readings.entries()) {
    if (typeof reading === 'string') continue;
    const { ino, size, mtimeMs, ctimeMs } = reading.stats;
    whole.update(`${paths[at]}\0${ino}\0${size}\0${mtimeMs}\0${ctimeMs}\n`);
  }
  for (const line of links) whole.update(line);
  return whole.digest('hex');
}
