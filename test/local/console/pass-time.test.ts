import { expect, it } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import { passTime } from '../../../local/console/pass-time.ts';

const MINUTE = 60_000;

/** What happens, with the minute on the clock. */
async function pass(
  ms: number,
  intervals: Readonly<Record<string, number | undefined>>,
): Promise<readonly string[]> {
  const clock = createClock(() => 0);
  const seen: string[] = [];
  const schedules = Object.entries(intervals).map(([id, intervalMs]) => ({
    ...{ id, intervalMs, expression: '' },
    run: async () => {
      seen.push(`${id} at ${clock.now() / MINUTE}`);
    },
  }));
  await passTime(ms, { clock, schedules, advance: async (step) => clock.skip(step) });
  return [...seen, `end at ${clock.now() / MINUTE}`];
}

it('runs each schedule at its rate, in the order of time', async () => {
  expect(await pass(15 * MINUTE, { often: 5 * MINUTE, rarely: 15 * MINUTE })).toEqual([
    'often at 5',
    'often at 10',
    'often at 15',
    'rarely at 15',
    'end at 15',
  ]);
});

it('runs a schedule twelve times at most', async () => {
  expect(await pass(240 * MINUTE, { often: 5 * MINUTE })).toHaveLength(13);
});

it('runs none whose time has not come, or that has no rate', async () => {
  expect(await pass(MINUTE, { rarely: 5 * MINUTE, never: undefined })).toEqual(['end at 1']);
});
