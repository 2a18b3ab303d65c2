import { describe, expect, it } from 'vitest';
import {
  choosePrunable,
  parseTimedName,
  timedName,
} from '../../../../functions/build-promotion/domain/prune-rules.ts';

describe('pruning', () => {
  const DAY = 86_400_000;
  const now = 100 * DAY;
  const build = (buildId: string, days: number) => ({ buildId, since: now - days * DAY });
  const rules = { keepMs: 7 * DAY, maxBuilds: 3 };

  it.each([
    ['what is old', [build('a', 8), build('b', 6)], [], ['a']],
    ['nothing that is needed', [build('a', 80), build('b', 9)], ['a'], ['b']],
    ['the oldest of too many', [build('a', 6), build('b', 5), build('c', 4), build('d', 3)], [], ['a']],
    [
      'not what is needed, of too many',
      [build('a', 6), build('b', 5), build('c', 4), build('d', 3)],
      ['a'],
      ['b'],
    ],
    [
      'nothing fresh, however many',
      [build('a', 0.01), build('b', 0.01), build('c', 0), build('d', 0)],
      [],
      [],
    ],
    ['nothing from the future', [build('a', -5), build('b', 8)], [], ['b']],
  ])('takes %s', (_, candidates, roots, expected) => {
    expect(choosePrunable(candidates, new Set(roots), rules, now)).toEqual(expected);
  });

  it('writes the time into the name', () => {
    expect(parseTimedName(timedName('b-1', 1_795_000_000_000, '0123abcd'))).toEqual({
      at: 1_795_000_000_000,
      buildId: 'b-1',
    });
    expect(parseTimedName('deleting-1795000000000-0123abcd-b-1')).toBeUndefined();
  });
});
