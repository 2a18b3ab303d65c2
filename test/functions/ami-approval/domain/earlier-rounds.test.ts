import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../../functions/ami-approval/domain/approval-record.ts';
import { formatEarlierRounds } from '../../../../functions/ami-approval/domain/earlier-rounds.ts';
import { ANN, BEN, NOW, voted } from '../approvals.ts';

describe('what every later round begins with', () => {
  const asked = { at: NOW, round: 1, what: 'asked' } as const;
  const again = {
    at: NOW,
    round: 2,
    what: 'asked',
    who: 'dan@example.com',
    why: 'the port is closed',
  } as const;

  it('is nothing in the first round', () => {
    expect(formatEarlierRounds({ round: 1, history: [asked] })).toEqual([]);
  });

  it.each<[string, readonly HistoryEntry[], RegExp]>([
    [
      'a rejection',
      [voted(BEN, 'reject', 'sshd')],
      /^Round 1 was rejected by ben@example.com on .*: “sshd”\.$/,
    ],
    [
      'a rejection whose step was not stopped',
      [voted(BEN, 'reject', 'sshd'), { at: NOW, round: 1, what: 'failed', why: 'x' }],
      /^Round 1 was rejected by ben/,
    ],
    ['an expiry', [{ at: NOW, round: 1, what: 'expired' }], /^Round 1 expired without a decision on /],
    [
      'a failure',
      [voted(ANN, 'approve'), { at: NOW, round: 1, what: 'failed', why: 'the key is disabled' }],
      /^Round 1 was approved by ann@example.com, but failed on .*: the key is disabled\.$/,
    ],
    [
      'a changed build',
      [voted(ANN, 'approve'), { at: NOW, round: 1, what: 'outdated', why: 'its AMIs changed' }],
      /^Round 1 was approved by ann@example.com, but nothing was done, because its AMIs changed\.$/,
    ],
    [
      'a cancellation',
      [{ at: NOW, round: 1, what: 'cancelled', why: 'a typo' }],
      /^Round 1 ended as cancelled .*: a typo/,
    ],
  ])('names %s of an earlier round', (_, ending, line) => {
    const [first, second, ...more] = formatEarlierRounds({ round: 2, history: [asked, ...ending, again] });
    expect(first).toBe('dan@example.com requested approval again: “the port is closed”.');
    expect(second).toMatch(line);
    expect(more).toEqual([]);
  });

  it('names every earlier round in order, and what changed', () => {
    const history: readonly HistoryEntry[] = [
      asked,
      voted(BEN, 'reject', 'no'),
      again,
      { at: NOW, round: 2, what: 'expired' },
      { at: NOW, round: 3, what: 'asked', who: ANN, why: 'once more' },
    ];
    expect(
      formatEarlierRounds({ round: 3, history, why: 'its AMIs changed' }).map((line) => line.slice(0, 24)),
    ).toEqual([
      'ann@example.com requeste',
      'Approval is requested ag',
      'Round 1 was rejected by ',
      'Round 2 expired without ',
    ]);
  });
});
