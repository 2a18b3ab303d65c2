import { expect, it } from 'vitest';
import { monthlyUsd, sizeOf } from '../../../../functions/build-promotion/domain/store-size.ts';

it('counts the metadata and the last step of each file', () => {
  const builds = [
    { files: 20_000, bytes: 698_000_000 },
    { files: 1, bytes: 0 },
  ];
  expect(sizeOf(builds)).toEqual({ storedBytes: 698_000_000 + 20_001 * 4096, monthlyUsd: 0.22 });
});

it.each([
  [0, 0],
  [2 ** 30, 0.3],
  [168 * 2 ** 30, 50.4],
])('%d bytes cost %d USD a month', (bytes, usd) => {
  expect(monthlyUsd(bytes)).toBe(usd);
});
