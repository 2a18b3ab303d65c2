import { describe, expect, it } from 'vitest';
import { chunk, mapLimit } from '../../shared/concurrency.ts';

it.each<[readonly number[], number, number[][]]>([
  [[], 3, []],
  [[1, 2, 3], 3, [[1, 2, 3]]],
  [[1, 2, 3, 4], 3, [[1, 2, 3], [4]]],
])('chunk %j by %i', (items, size, expected) => {
  expect(chunk(items, size)).toEqual(expected);
});

it.each([0, -1, 1.5, Number.NaN])('chunk and mapLimit refuse a size of %s', async (size) => {
  expect(() => chunk([1], size)).toThrow(RangeError);
  await expect(mapLimit([1], size, async () => 1)).rejects.toThrow(RangeError);
});

describe('mapLimit', () => {
  it('keeps the order and never runs more than the limit', async () => {
    let running = 0;
    let most = 0;
    const results = await mapLimit([5, 1, 4, 2, 3], 2, async (item, index) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, item));
      running -= 1;
      return `${index}:${item}`;
    });
    expect(results).toEqual(['0:5', '1:1', '2:4', '3:2', '4:3']);
    expect(most).toBe(2);
  });

  it('starts nothing after a failure and leaves nothing running behind it', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const run = mapLimit([0, 1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 0) throw new Error('first');
      await new Promise((resolve) => setTimeout(resolve, 10));
      ended.push(item);
    });
    await expect(run).rejects.toThrow('first');
    expect(begun).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });

  it('throws even what is no error', async () => {
    await expect(mapLimit([1], 1, () => Promise.reject(undefined))).rejects.toBeUndefined();
    expect(await mapLimit([], 4, async () => 1)).toEqual([]);
  });
});
