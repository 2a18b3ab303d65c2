import { describe, expect, it } from 'vitest';
import { formatRatio, type MeasuredSubject, measureRatios } from '../../bench/measure-ratios.ts';

/** A subject that takes these values in turn, and counts its runs. */
function subjectOf(name: string, values: readonly number[]): MeasuredSubject & { runs: number } {
  const subject = { name, runs: 0, run: () => values[subject.runs++ % values.length] ?? 0 };
  return subject;
}

const quiet = { warmUps: 0, progress: () => {} };

describe('measured ratios', () => {
  it('compare each run with the run of the baseline before it', async () => {
    const baseline = subjectOf('baseline', [10, 100]);
    const double = subjectOf('double', [20, 200]);

    const { byName, notes } = await measureRatios([double], { ...quiet, baseline, minRounds: 6 });

    expect(byName.get('double')).toMatchObject({ median: 2, spread: 0, count: 6 });
    expect(notes).toEqual([]);
  });

  it('repeat only what is not precise yet', async () => {
    const steady = subjectOf('steady', [10]);
    const noisy = subjectOf('noisy', [10, 30]);

    await measureRatios([steady, noisy], {
      ...quiet,
      baseline: subjectOf('baseline', [10]),
      minRounds: 6,
      maxRounds: 20,
    });

    expect(steady.runs).toBe(6);
    expect(noisy.runs).toBe(20);
  });

  it('say which figure stayed noisy', async () => {
    const noisy = subjectOf('noisy', [10, 30]);
    const options = { ...quiet, baseline: subjectOf('baseline', [10]), minRounds: 6, maxRounds: 8 };

    const { notes } = await measureRatios([noisy], options);

    expect(notes).toEqual(['noisy: the machine was busy, the spread is 100 % after 8 rounds.']);
  });

  it('are written with half the spread to each side', () => {
    expect(formatRatio({ median: 2.4, spread: 0.06, count: 9 })).toBe('2.40 (± 3 %)');
  });
});
