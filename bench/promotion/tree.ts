import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = 20_000;
const FOLDERS = 440;
const LARGE = 4_000_000;
const LARGE_EVERY = 2_000;
/** Mean size of the small files, in bytes. */
const MEAN = 33_000;

export interface Tree {
  readonly mount: string;
  /** The folder with the build. */
  readonly build: string;
  readonly artifact: object;
  readonly files: number;
  readonly bytes: number;
}

/** Creates a store with one build of 20,000 files and 700 MB, stamped as in a buildspec. */
export function makeStore(mount: string): Tree {
  const incoming = join(mount, 'site/builds/.incoming/bench');
  writeFiles(incoming, FILES);
  const stamp = join(mount, 'build.json');
  const tool = join(import.meta.dirname, '../../tools/stamp-build');
  execFileSync('sh', [tool, join(mount, 'site'), 'bench', incoming, stamp]);
  const artifact = JSON.parse(readFileSync(stamp, 'utf8'));
  return {
    mount,
    build: join(mount, 'site/builds/bench'),
    artifact,
    files: artifact.files,
    bytes: artifact.bytes,
  };
}

/** Writes files of 1 byte to 66 KB, and some of 4 MB, without what compresses. */
export function writeFiles(folder: string, count: number): void {
  const noise = randomBytes(8_000_000);
  for (let at = 0; at < FOLDERS; at++) mkdirSync(join(folder, folderOf(at)), { recursive: true });
  for (let at = 0; at < count; at++) {
    const size = at % LARGE_EVERY === 0 ? LARGE : 1 + ((at * 2_654_435_761) % (2 * MEAN));
    const start = (at * 7919) % (noise.length - size);
    writeFileSync(join(folder, pathOf(at)), noise.subarray(start, start + size));
  }
}

/** The path of a file in the folder, by its number. */
export function pathOf(at: number): string {
  return `${folderOf(at)}/file-${at}.js`;
}

function folderOf(at: number): string {
  const folder = at % FOLDERS;
  return `part-${folder % 20}/package-${folder}`;
}
