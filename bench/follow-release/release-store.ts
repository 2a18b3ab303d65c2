import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf, writeFiles } from '../promotion/tree.ts';

const FILES = 5_000;
/** One file in so many differs between the two releases. */
const CHANGED_EVERY = 100;
const STAMP_BUILD = join(import.meta.dirname, '../../tools/stamp-build');

export type Release = 'a' | 'b';

/** Two releases, as builds of a store and as archives. Files that do not differ have the same times in both. */
export interface ReleaseStore {
  readonly files: number;
  readonly changed: number;
  readonly store: string;
  buildOf(release: Release): string;
  /** Undefined without a program `zip`. */
  archiveOf(release: Release): string;
  promote(release: Release): void;
}

export function makeReleases(folder: string, hasZip: boolean): ReleaseStore {
  const [source, store] = [join(folder, 'source'), join(folder, 'site')];
  const archiveOf = (release: Release): string => join(folder, `${release}.zip`);
  mkdirSync(join(store, 'envs'), { recursive: true });
  writeFiles(source, FILES);
  for (const release of ['a', 'b'] as const) {
    if (release === 'b') changeFiles(source);
    stampBuild(folder, source, release);
    if (hasZip) execFileSync('zip', ['-qr', archiveOf(release), '.'], { cwd: source });
  }
  return {
    files: FILES,
    changed: FILES / CHANGED_EVERY,
    store,
    buildOf: (release) => join(store, 'builds', release),
    archiveOf,
    promote: (release) => {
      const link = join(store, 'envs/next');
      symlinkSync(`../builds/${release}`, link);
      execFileSync('mv', ['-T', link, join(store, 'envs/prod')]);
    },
  };
}

function stampBuild(folder: string, source: string, release: Release): void {
  const incoming = join(folder, 'site/builds/.incoming', release);
  mkdirSync(join(incoming, '..'), { recursive: true });
  execFileSync('cp', ['-a', source, incoming]);
  execFileSync('sh', [STAMP_BUILD, join(folder, 'site'), release, incoming, join(folder, `${release}.json`)]);
}

/** The sizes stay, as in a text that was corrected. */
function changeFiles(source: string): void {
  for (let at = 1; at < FILES; at += CHANGED_EVERY) {
    const file = join(source, pathOf(at));
    writeFileSync(file, randomBytes(statSync(file).size));
  }
}
