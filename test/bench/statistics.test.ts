import { describe, expect, it } from 'vitest';
import { median, summarize } from '../../bench/statistics.ts';

describe('a summary of measurements', () => {
  it('takes the value in the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('spreads over all values if there are few', () => {
    expect(summarize([8, 10, 12])).toEqual({ median: 10, spread: 0.4, count: 3 });
  });

  it('takes no notice of a few outliers among many', () => {
    const values = Array.from({ length: 25 }, (_, index) => 100 + (index % 5));

    const { median: middle, spread } = summarize([...values, 900, 1000]);

    expect(middle).toBe(102);
    expect(spread).toBeLessThan(0.05);
  });

  it('becomes narrower with more values of the same kind', () => {
    const values = (count: number): number[] =>
      Array.from({ length: count }, (_, index) => 100 + ((index * 7) % 30));

    expect(summarize(values(60)).spread).toBeLessThan(summarize(values(12)).spread);
  });
});
