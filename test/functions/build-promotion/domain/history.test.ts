import { describe, expect, it } from 'vitest';
import {
  effectiveChanges,
  generationFileName,
  type HistoryEntry,
  lastLiveBuilds,
  parseGenerationFileName,
  releaseLine,
  rollbackTargets,
} from '../../../../functions/build-promotion/domain/history.ts';
import { stamped } from '../artifact-example.ts';

function changes(...written: readonly string[]): HistoryEntry[] {
  return written.map((text, at) => {
    const [action, from, to] = text.split(' ') as [HistoryEntry['action'], string, string];
    const generation = at + 1;
    const common = { env: 'prod', key: `k${at}`, at: 'now', verified: 'full' as const, artifact: stamped };
    return { ...common, action, from: from === 'none' ? null : from, to, generation };
  });
}

describe('the history', () => {
  const three = ['promote none a', 'promote a b', 'promote b c'];

  it.each([
    ['three promotions', three, 'c', 'abc', 'ba'],
    ['a rollback', [...three, 'rollback c b'], 'b', 'ab', 'a'],
    ['two rollbacks', [...three, 'rollback c b', 'rollback b a'], 'a', 'a', ''],
    ['a promotion after a rollback', [...three, 'rollback c b', 'promote b d'], 'd', 'abd', 'ba'],
    ['the same release again', [...three, 'promote c a'], 'a', 'abca', 'cb'],
    ['the latest change never showed', three, 'b', 'ab', 'a'],
    ['an earlier change never showed', ['promote none a', 'promote a b', 'promote a c'], 'c', 'ac', 'a'],
    ['a change that was undone', [...three, 'undo c b'], 'b', 'ab', 'a'],
    ['somebody moved the link by hand', three, 'x', 'ab', 'ba'],
    ['the link is gone', three, undefined, 'ab', 'ba'],
    ['nothing yet', [], undefined, '', ''],
  ])('knows the line and the way back: %s', (_, written, live, line, targets) => {
    const entries = changes(...written);
    expect(
      releaseLine(entries, live)
        .map(({ to }) => to)
        .join(''),
    ).toBe(line);
    expect(
      rollbackTargets(entries, live)
        .map(({ to }) => to)
        .join(''),
    ).toBe(targets);
  });

  it('lists the last live builds without duplicates', () => {
    const entries = changes(...three, 'rollback c b', 'promote b d');
    expect(lastLiveBuilds(entries, 'd', new Set(), 3)).toEqual(['d', 'b', 'c']);
    // What nobody may go back to takes no other's place.
    expect(lastLiveBuilds(entries, 'd', new Set(['b']), 3)).toEqual(['d', 'c', 'a']);
    expect(effectiveChanges(entries, 'b').map(({ to }) => to)).toEqual(['a', 'b', 'c', 'b']);
  });

  it('numbers files so that a listing is in order', () => {
    expect([generationFileName(42), generationFileName(1_234_567)]).toEqual(['000042.json', '1234567.json']);
    const names = ['000042.json', '1234567.json', '0000042.json', '42.json', '000042.json.x', 'x'];
    expect(names.map(parseGenerationFileName)).toEqual([
      42,
      1_234_567,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
