import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ReadResult, readFiles } from '../../../../functions/build-promotion/filesystem/hash-files.ts';

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'groundcrew-reading-'));
});

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  fs.rmSync(folder, { recursive: true });
});

/** Files of sizes around that of a piece, and what SHA-256 says of each. */
function makeFiles(count: number): Map<string, string> {
  const sizes = [0, 1, 262_143, 262_144, 262_145, 700_000];
  return new Map(
    Array.from({ length: count }, (_, at) => {
      const path = join(folder, `f${at}`);
      const bytes = Buffer.alloc(sizes[at % sizes.length] ?? 0, at);
      fs.writeFileSync(path, bytes);
      return [path, createHash('sha256').update(bytes).digest('hex')] as const;
    }),
  );
}

/** As far away as a file server: each open of this thread takes a millisecond. */
function farAway(): { opens(): number } {
  const real = fs.openSync;
  let opens = 0;
  vi.spyOn(fs, 'openSync').mockImplementation((...args) => {
    opens += 1;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return real(...args);
  });
  syncBuiltinESMExports();
  return { opens: () => opens };
}

const hashOf = (read: ReadResult | undefined): string | undefined =>
  typeof read === 'object' ? read.hash : read;

describe.each(['near', 'far'])('files that are %s', (distance) => {
  it('are read to the end, each in its place', async () => {
    const files = makeFiles(100);
    const { opens } = distance === 'far' ? farAway() : { opens: () => 8 };
    const read = await readFiles([...files.keys()], { isOutOfTime: () => false });
    expect(read.map(hashOf)).toEqual([...files.values()]);
    expect(opens()).toBeLessThan(50);
  });

  it('are distinguished from other kinds', async () => {
    const files = [...makeFiles(40).keys()];
    if (distance === 'far') farAway();
    fs.symlinkSync(files[0] ?? '', join(folder, 'link'));
    const odd = [join(folder, 'link'), join(folder, 'gone'), folder];
    const read = await readFiles([...files, ...odd], { isOutOfTime: () => false });
    expect(read.slice(-3)).toEqual(['linked', 'missing', 'special']);
  });

  it('stop at the first one without time', async () => {
    const files = [...makeFiles(60).keys()];
    if (distance === 'far') farAway();
    let looks = 0;
    const read = await readFiles(files, { isOutOfTime: () => ++looks > 30 });
    expect(read.length).toBeLessThanOrEqual(31);
    expect(read.every((one) => typeof one === 'object')).toBe(true);
  });

  it('leave nothing open', async () => {
    const files = [...makeFiles(60).keys()];
    if (distance === 'far') farAway();
    const open = (): number =>
      fs.readdirSync(fs.existsSync('/proc/self/fd') ? '/proc/self/fd' : '/dev/fd').length;
    const before = open();
    await readFiles(files, { isOutOfTime: () => false });
    expect(open()).toBeLessThanOrEqual(before + 1);
  });
});

it('an error of the file system is thrown after every started read has ended', async () => {
  const files = [...makeFiles(60).keys()];
  farAway();
  const real = fs.open as unknown as (path: string, flags: number, tell: Tell) => void;
  let begun = 0;
  let ended = 0;
  const third = (path: string, flags: number, tell: Tell): void => {
    begun += 1;
    if (begun === 3) tell(Object.assign(new Error('ESTALE'), { code: 'ESTALE' }));
    else
      real(path, flags, (...told) => {
        ended += 1;
        tell(...told);
      });
  };
  vi.spyOn(fs, 'open').mockImplementation(third as unknown as typeof fs.open);
  syncBuiltinESMExports();
  await expect(readFiles(files, { isOutOfTime: () => false })).rejects.toThrow('ESTALE');
  expect(ended).toBe(begun - 1);
});

type Tell = (error: Error | null, fd?: number) => void;
