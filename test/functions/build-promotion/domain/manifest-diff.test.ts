import { describe, expect, it } from 'vitest';
import {
  compareNames,
  describeDifferences,
} from '../../../../functions/build-promotion/domain/manifest-diff.ts';

const D = 'a'.repeat(64);

describe('differences', () => {
  const hashes = new Map([
    ['a', D],
    ['l', D],
    ['m', D],
  ]);
  const manifest = { hashes, modes: undefined };
  const met = [
    { path: 'a', kind: 'file' },
    { path: 'l', kind: 'link' },
    { path: 'x', kind: 'file' },
    { path: 'p', kind: 'special' },
  ] as const;

  it('are found without reading', () => {
    const { files, differences, links } = compareNames(met, manifest, false);
    expect([files.length, links.length]).toEqual([1, 0]);
    expect(describeDifferences('b-1', differences)).toBe(
      'b-1: 4 files do not match the manifest: linked "l", missing "m", special "p", extra "x"',
    );
  });

  it('leave allowed links to be read', () => {
    const { differences, links } = compareNames(met, manifest, true);
    expect(links.map(({ path }) => path)).toEqual(['l']);
    expect(differences.map(({ path }) => path)).toEqual(['x', 'p', 'm']);
  });
});
