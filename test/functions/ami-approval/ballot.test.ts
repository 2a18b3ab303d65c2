import { describe, expect, it } from 'vitest';
import type { Approval } from '../../../functions/ami-approval/domain/approval-record.ts';
import {
  type Asking,
  ask,
  askAgain,
  claim,
  isHopeless,
  nextWork,
  pause,
  settle,
  unclaimNotice,
  vote,
} from '../../../functions/ami-approval/domain/approval-transitions.ts';
import { answerFor, expiryOf } from '../../../functions/ami-approval/domain/workflow-step.ts';
import { ANN, approval, BEN, CEM, NOW, subject, voted } from './approvals.ts';

const HOUR = 3_600_000;

function cast(who: string, decision: 'approve' | 'reject' = 'approve', why?: string) {
  return { who, decision, ...(why !== undefined && { why }), sourceIp: '203.0.113.7', userAgent: 'Firefox' };
}

describe('a vote', () => {
  const one = approval({ history: [voted(BEN, 'approve')] });
  it.each<[string, Approval, ReturnType<typeof cast>, string, string | undefined]>([
    ['the first of two approves nothing yet', approval(), cast(ANN), 'counted', 'pending'],
    ['the second of two approves', one, cast(ANN), 'counted', 'approved'],
    ['the same approver twice is one', one, cast(BEN), 'repeated', undefined],
    ['who approved may not reject', one, cast(BEN, 'reject', 'no'), 'repeated', undefined],
    ['one rejection rejects', one, cast(ANN, 'reject', 'no'), 'counted', 'rejected'],
    ['a stranger has none', approval(), cast('mallory@example.com'), 'unknown', undefined],
    ['none counts at the expiry', approval({ expiresAt: NOW }), cast(ANN), 'expired', undefined],
    ['one counts just before it', approval({ expiresAt: NOW + 1 }), cast(ANN), 'counted', 'pending'],
    ['none counts once it expired', approval({ status: 'expired' }), cast(ANN), 'expired', undefined],
    ['none counts once it is decided', approval({ status: 'approved' }), cast(ANN), 'decided', undefined],
    ['none counts once it is rejected', approval({ status: 'rejected' }), cast(ANN), 'decided', undefined],
    ['none counts once it is shared', approval({ status: 'shared' }), cast(ANN), 'decided', undefined],
    ['none counts while it is outdated', approval({ status: 'outdated' }), cast(ANN), 'decided', undefined],
    [
      'who started it may not approve',
      approval({ subject: subject({ barred: 'Ann@Example.com' }) }),
      cast(ANN),
      'barred',
      undefined,
    ],
    [
      'who started it may reject',
      approval({ subject: subject({ barred: ANN }) }),
      cast(ANN, 'reject', 'no'),
      'counted',
      'rejected',
    ],
    [
      'one of the round before does not count',
      approval({ round: 2, history: [voted(BEN, 'approve')] }),
      cast(ANN),
      'counted',
      'pending',
    ],
    [
      'who voted in the round before votes again',
      approval({ round: 2, history: [voted(ANN, 'approve')] }),
      cast(ANN),
      'counted',
      'pending',
    ],
  ])('%s', (_, record, given, counted, status) => {
    const result = vote(record, given, NOW);
    expect(result.counted).toBe(counted);
    expect(result.record?.status).toBe(status);
  });

  it('is kept with who, when, what, why and from where', () => {
    const { record } = vote(approval(), cast(ANN, 'reject', 'sshd is open'), NOW);
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

describe('what is to be done', () => {
  const uninvited = approval({ approvers: [{ address: ANN, tokenHash: 'h' }, { address: BEN }] });
  it.each<[string, Approval, 'ask' | 'act' | undefined]>([
    ['nothing while it is open', approval(), undefined],
    ['inviting who was not', uninvited, 'ask'],
    ['closing what expired, rather than inviting', { ...uninvited, expiresAt: NOW }, 'act'],
    ['acting on an approval', approval({ status: 'approved' }), 'act'],
    ['closing a rejection', approval({ status: 'rejected' }), 'act'],
    ['asking again about what is outdated', approval({ status: 'outdated' }), 'ask'],
    [
      'closing what could not be asked again for a day',
      approval({ status: 'outdated', decidedAt: NOW - 25 * HOUR }),
      'act',
    ],
    ['nothing while somebody acts', approval({ status: 'approved', leaseUntil: NOW + 1 }), undefined],
    ['acting when the lease is over', approval({ status: 'approved', leaseUntil: NOW }), 'act'],
    ['the mail that was refused', approval({ status: 'shared', notice: 'due' }), 'act'],
  ])('%s', (_, record, work) => {
    expect(nextWork(record, NOW)).toBe(work);
  });

  it('nothing once it is closed', () => {
    const { open: _open, ...closed } = approval({ status: 'failed' });
    expect(nextWork(closed, NOW)).toBeUndefined();
  });
});

describe('acting', () => {
  it('claims once, and again when the lease is over', () => {
    const claimed = claim(approval({ status: 'approved' }), 1000, NOW);
    expect(claimed?.leaseUntil).toBe(NOW + 1000);
    expect(claimed && claim(claimed, 1000, NOW + 999)).toBeUndefined();
    expect(claimed && claim(claimed, 1000, NOW + 1000)?.leaseUntil).toBe(NOW + 2000);
  });

  it('expires what nobody decided, in the same write', () => {
    const claimed = claim(approval({ expiresAt: NOW }), 1000, NOW);
    expect([claimed?.status, claimed?.decidedAt, claimed?.history.at(-1)?.what]).toEqual([
      'expired',
      NOW,
      'expired',
    ]);
  });

  it('does not claim what is open for votes', () => {
    expect(claim(approval(), 1000, NOW)).toBeUndefined();
  });

  it('closes with what was shared, and keeps what was shared before', () => {
    const before = { 'ami-1': { region: 'eu-west-1', result: 'shared', remarks: [] } } as const;
    const now = { 'ami-2': { region: 'us-east-1', result: 'shared', remarks: [] } } as const;
    const held = pause(approval({ status: 'approved', leaseUntil: NOW }), before);
    expect(held.leaseUntil).toBeUndefined();
    const closed = settle(held, { status: 'shared', shares: now }, NOW);
    expect(closed).toMatchObject({ status: 'shared', notice: 'claimed', shares: { ...before, ...now } });
    expect('open' in closed).toBe(false);
  });

  it('leaves an outdated one open, without a mail', () => {
    const draft = settle(approval({ status: 'approved' }), { status: 'outdated', why: 'changed' }, NOW);
    expect([draft.open, draft.notice, draft.why]).toEqual(['open', undefined, 'changed']);
  });

  it('takes a refused mail back once', () => {
    const closed = settle(approval({ status: 'approved' }), { status: 'shared' }, NOW);
    const again = unclaimNotice(closed);
    expect([again?.open, again?.notice]).toEqual(['open', 'due']);
    expect(again && unclaimNotice(again)).toBeUndefined();
  });

  it('is given up a day after the decision', () => {
    expect(isHopeless(approval({ decidedAt: NOW - 24 * HOUR }), NOW)).toBe(false);
    expect(isHopeless(approval({ decidedAt: NOW - 24 * HOUR - 1 }), NOW)).toBe(true);
  });
});

describe('asking again', () => {
  const asking: Asking = {
    subject: subject(),
    fingerprint: 'g',
    required: 1,
    approvers: [{ address: CEM }],
    expiresAt: NOW + HOUR,
    why: 'its AMIs changed',
  };
  const { open: _open, ...rejected } = approval({ status: 'rejected', shares: {}, notice: 'claimed' });

  it('begins a round without votes, links or marks of the one before, and keeps its history', () => {
    const next = askAgain(rejected, 1, asking, NOW);
    expect(next).toMatchObject({
      round: 2,
      status: 'pending',
      open: 'open',
      approvers: [{ address: CEM }],
      shares: {},
    });
    expect([next?.notice, next?.decidedAt, next?.leaseUntil]).toEqual([undefined, undefined, undefined]);
    expect(next?.history.map(({ what, why }) => [what, why])).toEqual([
      ['asked', undefined],
      ['asked', 'its AMIs changed'],
    ]);
  });

  it.each<[string, Parameters<typeof askAgain>[0], number]>([
    ['what is open', approval(), 1],
    ['what is being acted on', approval({ status: 'approved' }), 1],
    ['a rejection whose step is still to be stopped', approval({ status: 'rejected' }), 1],
    ['another round than the one that is over', rejected, 2],
    ['a round before', { ...rejected, round: 3 }, 2],
  ])('does not touch %s', (_, record, after) => {
    expect(askAgain(record, after, asking, NOW)).toBeUndefined();
  });

  it('the first round says that it was asked', () => {
    expect(ask({ image: 'i', part: 'share' }, asking, NOW).history).toEqual([
      { at: NOW, round: 1, what: 'asked' },
    ]);
  });
});

describe('a waiting step', () => {
  it('is told why, in at most 1024 characters, under a token of its own', () => {
    const approved = answerFor(
      approval({ status: 'approved', history: [voted(ANN, 'approve'), voted(BEN, 'approve')] }),
    );
    expect(approved).toMatchObject({ action: 'RESUME', reason: `Approved by ${ANN}, ${BEN}` });
    const rejected = answerFor(
      approval({ status: 'rejected', history: [voted(CEM, 'reject', 'x'.repeat(2000))] }),
    );
    expect([rejected.action, rejected.reason.length]).toEqual(['STOP', 1024]);
    const expired = answerFor(approval({ status: 'expired' }));
    expect([expired.action, expired.reason]).toEqual(['STOP', 'Nobody approved it in time']);
    expect(approved.token).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([approved.token, rejected.token]).size).toBe(2);
    expect(answerFor(approval({ status: 'approved' })).token).toBe(approved.token);
  });

  it('is never outlived by its request', () => {
    expect(expiryOf(NOW, 72 * HOUR, undefined)).toBe(NOW + 72 * HOUR);
    expect(expiryOf(NOW, 72 * HOUR, NOW + 168 * HOUR)).toBe(NOW + 72 * HOUR);
    expect(expiryOf(NOW, 72 * HOUR, NOW + HOUR)).toBe(NOW + HOUR - 300_000);
    expect(expiryOf(NOW, 72 * HOUR, NOW + 240_000)).toBe(NOW + 216_000);
    expect(expiryOf(NOW, 72 * HOUR, NOW - HOUR)).toBe(NOW);
  });
});
