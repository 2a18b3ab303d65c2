import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countWritten, snapshotFiles } from '../../../bench/follow-release/written-files.ts';

describe('written files', () => {
  let folder = '';
  const write = (name: string, size: number): void => writeFileSync(join(folder, name), Buffer.alloc(size));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'groundcrew-written-'));
    mkdirSync(join(folder, 'sub'));
    write('sub/kept', 10);
    write('replaced', 20);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are new files and replaced ones, in all folders', () => {
    const before = snapshotFiles(folder);
    write('sub/new', 3);
    write('next', 5);
    renameSync(join(folder, 'next'), join(folder, 'replaced'));

    expect(countWritten(before, snapshotFiles(folder))).toEqual({ files: 2, bytes: 8 });
  });

  it('are neither hard links nor files that only moved', () => {
    const before = snapshotFiles(folder);
    linkSync(join(folder, 'replaced'), join(folder, 'link'));
    renameSync(join(folder, 'sub/kept'), join(folder, 'moved'));

    expect(countWritten(before, snapshotFiles(folder))).toEqual({ files: 0, bytes: 0 });
  });
});
