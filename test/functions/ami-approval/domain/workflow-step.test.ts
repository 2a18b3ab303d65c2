import { describe, expect, it } from 'vitest';
import { expiryOf, stepAnswerOf } from '../../../../functions/ami-approval/domain/workflow-step.ts';
import { ANN, approval, BEN, CEM, NOW, voted } from '../approvals.ts';

const HOUR = 3_600_000;

describe('a workflow step', () => {
  it('gets a reason of at most 1024 characters and a token for each answer', () => {
    const approved = stepAnswerOf(
      approval({ status: 'approved', history: [voted(ANN, 'approve'), voted(BEN, 'approve')] }),
    );
    expect(approved).toMatchObject({ action: 'RESUME', reason: `Approved by ${ANN}, ${BEN}` });
    const rejected = stepAnswerOf(
      approval({ status: 'rejected', history: [voted(CEM, 'reject', 'x'.repeat(2000))] }),
    );
    expect([rejected.action, rejected.reason.length]).toEqual(['STOP', 1024]);
    const expired = stepAnswerOf(approval({ status: 'expired' }));
    expect([expired.action, expired.reason]).toEqual(['STOP', 'Not approved in time']);
    expect(approved.token).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([approved.token, rejected.token]).size).toBe(2);
    expect(stepAnswerOf(approval({ status: 'approved' })).token).toBe(approved.token);
  });

  it('times out after its request expires', () => {
    expect(expiryOf(NOW, 72 * HOUR, undefined)).toBe(NOW + 72 * HOUR);
    expect(expiryOf(NOW, 72 * HOUR, NOW + 168 * HOUR)).toBe(NOW + 72 * HOUR);
    expect(expiryOf(NOW, 72 * HOUR, NOW + HOUR)).toBe(NOW + HOUR - 300_000);
    expect(expiryOf(NOW, 72 * HOUR, NOW + 240_000)).toBe(NOW + 216_000);
    expect(expiryOf(NOW, 72 * HOUR, NOW - HOUR)).toBe(NOW);
  });
});
