import { describe, expect, it } from 'vitest';
import { chooseRecoveryPoint } from '../../../../functions/build-promotion/domain/recovery-point.ts';

describe('a recovery point', () => {
  const point = (arn: string, createdAt: number, status = 'COMPLETED') => ({ arn, createdAt, status });
  const points = [point('a', 10), point('c', 30), point('b', 20), point('late', 60), point('later', 70)];

  it.each([
    ['the latest while it was there', { from: 5, until: 35 }, [], 'c'],
    ['the one before, when that held nothing', { from: 5, until: 35 }, ['c'], 'b'],
    ['the first one afterwards', { from: 40, until: 50 }, [], 'late'],
    ['none from before', { from: 80, until: 90 }, [], undefined],
    ['none that was tried', { from: 40, until: 50 }, ['late', 'later'], undefined],
  ])('is %s', (_, sighting, tried, expected) => {
    expect(chooseRecoveryPoint(points, sighting, tried)?.arn).toBe(expected);
  });

  it('is whole', () => {
    expect(chooseRecoveryPoint([point('a', 10, 'EXPIRED')], { from: 5, until: 15 }, [])).toBeUndefined();
  });
});
