import { describe, expect, it } from 'vitest';
import { parseOverride } from '../../../../functions/health-gate/domain/override.ts';
import { NOW } from '../examples.ts';

const read = (text: string | undefined) => parseOverride(text, { now: NOW, maxHours: 24 });

describe('the override', () => {
  it.each([
    ['2026-11-21T18:00:00Z hotfix for INC-42', '2026-11-21T18:00:00Z', 'hotfix for INC-42'],
    ['  2026-11-21T20:00+02:00\tdébloquer "prod" ✓ ', '2026-11-21T18:00:00Z', 'débloquer "prod" ✓'],
    ['2026-11-22T12:00:00.000Z to the very limit', '2026-11-22T12:00:00Z', 'to the very limit'],
  ])('%j is broken', (text, until, reason) => {
    expect(read(text)).toEqual({ until: Date.parse(until), reason });
  });

  it.each([undefined, '', ' ', 'none', 'None', 'no', 'off', 'false', '-'])('%j means no override', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is over when its time is', () => {
    expect(read('2026-11-21T12:00:00Z hotfix for INC-42')).toBeUndefined();
    expect(read('2025-01-01T00:00:00Z forgotten long ago')).toBeUndefined();
  });

  it.each([
    [
      'no time',
      'hotfix for INC-42',
      'override: expected a time like 2026-11-21T18:00:00Z and a reason, got "hotfix"',
    ],
    ['a time of no zone', '2026-11-21T18:00:00 hotfix for INC-42', 'got "2026-11-21T18:00:00"'],
    ['a day alone', '2026-11-21 hotfix for INC-42', 'got "2026-11-21"'],
    ['a time that is none', '2026-11-31T28:00:00Z hotfix for INC-42', 'got "2026-11-31T28:00:00Z"'],
    ['no reason', '2026-11-21T18:00:00Z', 'override: expected a reason of 8 characters or more, got ""'],
    ['hardly a reason', '2026-11-21T18:00:00Z because', 'got "because"'],
    [
      'for ever',
      '2099-01-01T00:00:00Z because we can',
      'override: ends more than 24 hours ahead, at "2099-01-01T00:00:00Z"',
    ],
  ])('%s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
