import { describe, expect, it } from 'vitest';
import { simulateStorm } from '../../bench/storm.ts';

describe('a storm of interruption warnings within one second', () => {
  it.each([1000, 10_000])('of %i is cordoned within its notice', (warnings) => {
    const result = simulateStorm({ warnings, describe: 'describeByFilter', attempts: 8 });
    expect(result).toMatchObject({ warnings, cordonedInTime: warnings });
    expect(result.lastAt).toBeLessThan(120);
  });

  it('of 10,000 needs more than ids and three attempts', () => {
    const { cordonedInTime } = simulateStorm({ warnings: 10_000, describe: 'describeById', attempts: 3 });
    expect(cordonedInTime).toBeLessThan(10_000);
  });
});
