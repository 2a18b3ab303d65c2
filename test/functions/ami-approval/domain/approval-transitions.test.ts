import { describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '../../../../functions/ami-approval/domain/approval-record.ts';
import {
  applyOutcome,
  applyVote,
  claimRequest,
  createRequest,
  hasFailedTooLong,
  markMailDue,
  nextAction,
  openNextRound,
  type RoundInput,
  releaseClaim,
} from '../../../../functions/ami-approval/domain/approval-transitions.ts';
import { ANN, approval, BEN, CEM, NOW, subject, voted } from '../approvals.ts';

const HOUR = 3_600_000;

function cast(who: string, decision: 'approve' | 'reject' = 'approve', why?: string) {
  return { who, decision, ...(why !== undefined && { why }), sourceIp: '203.0.113.7', userAgent: 'Firefox' };
}

describe('a vote', () => {
  const one = approval({ history: [voted(BEN, 'approve')] });
  it.each<[string, ApprovalRecord, ReturnType<typeof cast>, string, string | undefined]>([
    ['the first of two approvals leaves it pending', approval(), cast(ANN), 'counted', 'pending'],
    ['the second of two approvals approves', one, cast(ANN), 'counted', 'approved'],
    ['a second approval of the same approver does not count', one, cast(BEN), 'repeated', undefined],
    [
      'an approver who approved can reject until it is decided',
      one,
      cast(BEN, 'reject', 'no'),
      'counted',
      'rejected',
    ],
    [
      'an approver who rejected cannot approve',
      approval({ history: [voted(ANN, 'reject', 'no')] }),
      cast(ANN),
      'repeated',
      undefined,
    ],
    [
      'an approver who approved cannot reject after it is decided',
      approval({ status: 'approved', history: [voted(ANN, 'approve')] }),
      cast(ANN, 'reject', 'no'),
      'decided',
      undefined,
    ],
    ['one rejection rejects', one, cast(ANN, 'reject', 'no'), 'counted', 'rejected'],
    [
      'a person who is not an approver cannot vote',
      approval(),
      cast('mallory@example.com'),
      'unknown',
      undefined,
    ],
    ['a vote at the deadline does not count', approval({ expiresAt: NOW }), cast(ANN), 'expired', undefined],
    [
      'a vote just before the deadline counts',
      approval({ expiresAt: NOW + 1 }),
      cast(ANN),
      'counted',
      'pending',
    ],
    [
      'a vote does not count after it expired',
      approval({ status: 'expired' }),
      cast(ANN),
      'expired',
      undefined,
    ],
    [
      'a vote does not count after it is decided',
      approval({ status: 'approved' }),
      cast(ANN),
      'decided',
      undefined,
    ],
    [
      'a vote does not count after it is rejected',
      approval({ status: 'rejected' }),
      cast(ANN),
      'decided',
      undefined,
    ],
    [
      'a vote does not count after it is shared',
      approval({ status: 'shared' }),
      cast(ANN),
      'decided',
      undefined,
    ],
    [
      'a vote does not count while it is outdated',
      approval({ status: 'outdated' }),
      cast(ANN),
      'decided',
      undefined,
    ],
    [
      'the person who started the build cannot approve it',
      approval({ subject: subject({ initiator: 'Ann@Example.com' }) }),
      cast(ANN),
      'not allowed',
      undefined,
    ],
    [
      'the person who started the build can reject it',
      approval({ subject: subject({ initiator: ANN }) }),
      cast(ANN, 'reject', 'no'),
      'counted',
      'rejected',
    ],
    [
      'a vote of the previous round does not count',
      approval({ round: 2, history: [voted(BEN, 'approve')] }),
      cast(ANN),
      'counted',
      'pending',
    ],
    [
      'an approver of the previous round can vote again',
      approval({ round: 2, history: [voted(ANN, 'approve')] }),
      cast(ANN),
      'counted',
      'pending',
    ],
  ])('%s', (_, record, given, counted, status) => {
    const result = applyVote(record, given, NOW);
    expect(result.outcome).toBe(counted);
    expect(result.record?.status).toBe(status);
  });

  it('is saved with approver, time, decision, reason and client', () => {
    const { record } = applyVote(approval(), cast(ANN, 'reject', 'sshd is open'), NOW);
    expect(record?.history.at(-1)).toEqual({
      at: NOW,
      round: 1,
      what: 'reject',
      who: ANN,
      why: 'sshd is open',
      sourceIp: '203.0.113.7',
      userAgent: 'Firefox',
    });
  });
});

describe('the next action', () => {
  const withMissingMail = approval({ approvers: [{ address: ANN, tokenHash: 'h' }, { address: BEN }] });
  it.each<[string, ApprovalRecord, 'ask' | 'act' | undefined]>([
    ['is nothing while it is pending', approval(), undefined],
    ['is to ask if a mail is missing', withMissingMail, 'ask'],
    ['is to act if it expired, even if a mail is missing', { ...withMissingMail, expiresAt: NOW }, 'act'],
    ['is to ask at half time if a vote is missing', approval({ remindAt: NOW }), 'ask'],
    ['is to act after an approval', approval({ status: 'approved' }), 'act'],
    ['is to act after a rejection', approval({ status: 'rejected' }), 'act'],
    ['is to ask if it is outdated', approval({ status: 'outdated' }), 'ask'],
    [
      'is to act if no new round could be opened for a day',
      approval({ status: 'outdated', decidedAt: NOW - 25 * HOUR }),
      'act',
    ],
    [
      'is nothing while an execution holds the lease',
      approval({ status: 'approved', leaseUntil: NOW + 1 }),
      undefined,
    ],
    ['is to act after the lease', approval({ status: 'approved', leaseUntil: NOW }), 'act'],
    ['is to act if the closing mail was refused', approval({ status: 'shared', mailStatus: 'due' }), 'act'],
  ])('%s', (_, record, expected) => {
    expect(nextAction(record, NOW)).toBe(expected);
  });

  it('is nothing after it is closed', () => {
    const { open: _open, ...closed } = approval({ status: 'failed' });
    expect(nextAction(closed, NOW)).toBeUndefined();
  });
});

describe('the execution', () => {
  it('claims a request once, and again after the lease', () => {
    const claimed = claimRequest(approval({ status: 'approved' }), 1000, NOW);
    expect(claimed?.leaseUntil).toBe(NOW + 1000);
    expect(claimed && claimRequest(claimed, 1000, NOW + 999)).toBeUndefined();
    expect(claimed && claimRequest(claimed, 1000, NOW + 1000)?.leaseUntil).toBe(NOW + 2000);
  });

  it('expires an undecided request in the same write', () => {
    const claimed = claimRequest(approval({ expiresAt: NOW }), 1000, NOW);
    expect([claimed?.status, claimed?.decidedAt, claimed?.history.at(-1)?.what]).toEqual([
      'expired',
      NOW,
      'expired',
    ]);
  });

  it('does not claim a pending request', () => {
    expect(claimRequest(approval(), 1000, NOW)).toBeUndefined();
  });

  it('closes with the new shares and keeps the earlier ones', () => {
    const before = { 'ami-1': { region: 'eu-west-1', result: 'shared', remarks: [] } } as const;
    const now = { 'ami-2': { region: 'us-east-1', result: 'shared', remarks: [] } } as const;
    const released = releaseClaim(approval({ status: 'approved', leaseUntil: NOW }), before);
    expect(released.leaseUntil).toBeUndefined();
    const closed = applyOutcome(released, { status: 'shared', shares: now }, NOW);
    expect(closed).toMatchObject({ status: 'shared', mailStatus: 'claimed', shares: { ...before, ...now } });
    expect('open' in closed).toBe(false);
  });

  it('leaves an outdated request open, without a mail', () => {
    const draft = applyOutcome(approval({ status: 'approved' }), { status: 'outdated', why: 'changed' }, NOW);
    expect([draft.open, draft.mailStatus, draft.why]).toEqual(['open', undefined, 'changed']);
  });

  it('marks a refused mail as due once', () => {
    const closed = applyOutcome(approval({ status: 'approved' }), { status: 'shared' }, NOW);
    const again = markMailDue(closed, [ANN]);
    expect([again?.open, again?.mailStatus]).toEqual(['open', 'due']);
    expect(again?.mailDue).toEqual([ANN]);
    expect(again && markMailDue(again, [BEN])).toBeUndefined();
  });

  it('is abandoned a day after the decision', () => {
    expect(hasFailedTooLong(approval({ decidedAt: NOW - 24 * HOUR }), NOW)).toBe(false);
    expect(hasFailedTooLong(approval({ decidedAt: NOW - 24 * HOUR - 1 }), NOW)).toBe(true);
  });
});

describe('the next round', () => {
  const input: RoundInput = {
    subject: subject(),
    fingerprint: 'g',
    required: 1,
    approvers: [{ address: CEM }],
    expiresAt: NOW + HOUR,
    why: 'its AMIs changed',
  };
  const reopening = { who: 'dan', why: 'the port is closed' };
  const { open: _open, ...rejected } = approval({ status: 'rejected', shares: {}, mailStatus: 'claimed' });

  it('has no votes, links or results of the previous one, and keeps the history', () => {
    const next = openNextRound(rejected, 1, { ...input, reopening }, NOW);
    expect(next).toMatchObject({
      round: 2,
      status: 'pending',
      open: 'open',
      approvers: [{ address: CEM }],
      shares: {},
    });
    expect([next?.mailStatus, next?.decidedAt, next?.leaseUntil]).toEqual([undefined, undefined, undefined]);
    expect(next?.history.map(({ what, who, why }) => [what, who, why])).toEqual([
      ['asked', undefined, undefined],
      ['asked', 'dan', 'the port is closed'],
    ]);
    expect(next).toMatchObject({ why: 'its AMIs changed' });
    expect(next).not.toHaveProperty('reopening');
  });

  it.each<[string, Parameters<typeof openNextRound>[0], number]>([
    ['a pending request', approval(), 1],
    ['a request in execution', approval({ status: 'approved' }), 1],
    ['a rejection whose step is not stopped yet', approval({ status: 'rejected' }), 1],
    ['a round that does not exist yet', rejected, 2],
    ['an earlier round', { ...rejected, round: 3 }, 2],
  ])('is not opened for %s', (_, record, after) => {
    expect(openNextRound(record, after, { ...input, reopening }, NOW)).toBeUndefined();
    expect(openNextRound(record, after, input, NOW)).toBeUndefined();
  });

  it.each(['rejected', 'expired', 'cancelled', 'failed'] as const)(
    'of a request that is %s needs a person and a reason',
    (status) => {
      expect(openNextRound({ ...rejected, status }, 1, input, NOW)).toBeUndefined();
      expect(openNextRound({ ...rejected, status }, 1, { ...input, reopening }, NOW)).toBeDefined();
    },
  );

  it('of a changed build needs only an event', () => {
    const outdated = approval({ status: 'outdated' });
    expect(openNextRound(outdated, 1, input, NOW)?.history.at(-1)).toMatchObject({
      what: 'asked',
      why: 'its AMIs changed',
    });
    expect(openNextRound(outdated, 1, { ...input, reopening }, NOW)).toBeUndefined();
  });

  it.each(['shared', 'resumed'] as const)('is never opened for a request that is %s', (status) => {
    expect(openNextRound({ ...rejected, status }, 1, input, NOW)).toBeUndefined();
    expect(openNextRound({ ...rejected, status }, 1, { ...input, reopening }, NOW)).toBeUndefined();
  });

  it('is preceded by a first round whose history has one entry', () => {
    expect(createRequest({ image: 'i', part: 'share' }, input, NOW).history).toEqual([
      { at: NOW, round: 1, what: 'asked' },
    ]);
  });
});
