import { describe, expect, it } from 'vitest';
import {
  approversToRemind,
  remindAtOf,
  withoutLateReminders,
} from '../../../../functions/ami-approval/domain/reminders.ts';
import { ANN, approval, BEN, CEM, NOW, voted } from '../approvals.ts';

const HOUR = 3_600_000;

describe('a reminder', () => {
  it('is due at half time, unless the request is open for less than two hours', () => {
    expect(remindAtOf(NOW, NOW + 72 * HOUR)).toBe(NOW + 36 * HOUR);
    expect(remindAtOf(NOW, NOW + 2 * HOUR - 1)).toBeUndefined();
  });

  it('goes to those who have a link, have not voted and have no reminder', () => {
    const approvers = [
      { address: ANN, tokenHash: 'a' },
      { address: BEN, tokenHash: 'b' },
      { address: CEM, tokenHash: 'c', reminderHash: 'd' },
      { address: 'dan@example.com' },
    ];
    const record = approval({ approvers, remindAt: NOW, history: [voted(ANN, 'approve')] });
    expect(approversToRemind(record, NOW)).toEqual([BEN]);
    expect(approversToRemind(record, NOW - 1)).toEqual([]);
    expect(approversToRemind(record, record.expiresAt)).toEqual([]);
    expect(approversToRemind({ ...record, status: 'approved' }, NOW)).toEqual([]);
    expect(approversToRemind({ ...record, round: 2 }, NOW)).toEqual([ANN, BEN]);
  });

  it('does not follow an invitation after half time', () => {
    const record = approval({ approvers: [{ address: ANN, tokenHash: 'h' }], remindAt: NOW });
    const tokens = new Map([[ANN, { token: 't', hash: 'h' }]]);
    expect(approversToRemind(withoutLateReminders(record, tokens, NOW), NOW)).toEqual([]);
    expect(approversToRemind(withoutLateReminders(record, tokens, NOW - 1), NOW)).toEqual([ANN]);
  });
});
