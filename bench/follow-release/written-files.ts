import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The files below a folder: their bytes by what identifies them. A hard link is the same file. */
export type FileSnapshot = ReadonlyMap<string, number>;

export function snapshotFiles(folder: string): FileSnapshot {
  const files = new Map<string, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, birthtimeNs, size } = lstatSync(join(entry.parentPath, entry.name), { bigint: true });
    // A file system gives the number of a deleted file to a new one, which was born later.
    files.set(`${ino} ${birthtimeNs}`, Number(size));
  }
  return files;
}

export interface WrittenFiles {
  readonly files: number;
  readonly bytes: number;
}

/** What is there now and was not before. Temporary files that are gone are not counted. */
export function countWritten(before: FileSnapshot, after: FileSnapshot): WrittenFiles {
  const sizes = [...after].flatMap(([file, size]) => (before.has(file) ? [] : [size]));
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
