import { describe, expect, it } from 'vitest';
import { simulatePerEvent } from '../../bench/storm/per-event.ts';
import { OURS, simulateQueue } from '../../bench/storm/queue.ts';

describe('a storm of interruption warnings within one second', () => {
  it.each([100, 1000, 10_000])('of %i is cordoned within its notice', (warnings) => {
    const { inTime, lastAt } = simulateQueue(warnings, OURS);

    expect(inTime).toBe(warnings);
    expect(lastAt).toBeLessThan(120);
  });

  it('of 10,000 needs more than ids and three attempts', () => {
    const { inTime } = simulateQueue(10_000, { describe: 'describeById', attempts: 3 });

    expect(inTime).toBeLessThan(10_000);
  });

  it('of 100 is cordoned by a function for each event too', () => {
    expect(simulatePerEvent(100).inTime).toBe(100);
  });

  it('of 1,000 is too much for a function for each event', () => {
    expect(simulatePerEvent(1000).inTime).toBeLessThan(500);
  });
});
