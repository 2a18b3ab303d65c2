import { describe, expect, it } from 'vitest';
import { jitteredTime, resumeAt } from '../../../../functions/health-gate/domain/resume-schedule.ts';
import { NOW } from '../examples.ts';

const MINUTE = 60_000;
const pace = { coolDownMs: 10 * MINUTE, jitterMs: 10 * MINUTE };
const hundred = Array.from({ length: 100 }, (_, i) => `orders-${i}/Prod/execution`);

describe('a hundred deployments that one incident held', () => {
  const waits = hundred.map((name) => resumeAt(name, NOW, pace) - NOW);

  it('all wait out the cool-down, and none longer than the jitter', () => {
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(Math.max(...waits)).toBeLessThan(20 * MINUTE);
  });

  it('are spread over the jitter: in no minute of it more than a quarter of them', () => {
    const minutes = Map.groupBy(waits, (wait) => Math.floor(wait / MINUTE));
    expect(minutes.size).toBe(10);
    for (const [, some] of minutes) expect(some.length).toBeLessThanOrEqual(25);
  });

  it('keep their times however often these are worked out', () => {
    expect(hundred.map((name) => resumeAt(name, NOW, pace) - NOW)).toEqual(waits);
  });
});

it('a hundred that came due together go within the jitter, in their usual order', () => {
  const waits = hundred.map((name) => jitteredTime(name, NOW, pace) - NOW);
  expect(waits).toEqual(hundred.map((name) => resumeAt(name, NOW, pace) - NOW - 10 * MINUTE));
  expect(Math.min(...waits)).toBeLessThan(MINUTE);
});

it('another execution of the same pipeline has another place', () => {
  expect(resumeAt('orders/Prod/1', NOW, pace)).not.toBe(resumeAt('orders/Prod/2', NOW, pace));
});

it('without jitter all go at the end of the cool-down', () => {
  expect(new Set(hundred.map((name) => resumeAt(name, NOW, { ...pace, jitterMs: 0 })))).toEqual(
    new Set([NOW + 10 * MINUTE]),
  );
});
