import type { ApprovalRecord, HistoryEntry } from '../../../functions/ami-approval/domain/approval-record.ts';
import type { ApprovalSubject } from '../../../functions/ami-approval/domain/approval-subject.ts';
import type { BuildReview } from '../../../functions/ami-approval/domain/build-review.ts';

// Approval records for tests of the table and the page.

export const NOW = Date.parse('2026-11-21T12:00:00Z');
const HOUR = 3_600_000;

export const ANN = 'ann@example.com';
export const BEN = 'ben@example.com';
export const CEM = 'cem@example.com';

export const imageArn = 'arn:aws:imagebuilder:eu-west-1:123456789012:image/web-server/1.4.0/7';

export function subject(more: Partial<ApprovalSubject> = {}): ApprovalSubject {
  return {
    imageArn,
    name: 'web-server',
    version: '1.4.0/7',
    pipeline: 'web-server-weekly',
    amis: [
      { region: 'eu-west-1', id: 'ami-0a1b2c3d4e5f60718', name: 'web-server 2026-11-20T10-00-00Z' },
      { region: 'us-east-1', id: 'ami-0f9e8d7c6b5a40312', name: 'web-server 2026-11-20T10-00-00Z' },
    ],
    foreignAmis: [],
    targets: {
      accounts: ['111122223333', '444455556666'],
      organizations: ['arn:aws:organizations::999999999999:organization/o-a1b2c3d4e5'],
      organizationalUnits: [],
      copying: ['444455556666'],
    },
    recipients: [
      'account 111122223333',
      'account 444455556666, with its snapshots',
      'organization o-a1b2c3d4e5',
    ],
    alreadyShared: [],
    code: 'f60718',
    details: [
      ['Recipe', 'web-server 1.4.0'],
      ['Pipeline', 'web-server-weekly'],
      ['Parent image', 'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x'],
      ['System', 'Amazon Linux 2023, Linux'],
    ],
    ...more,
  };
}

const PARENT = 'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x';

export function review(more: Partial<BuildReview> = {}): BuildReview {
  return {
    scan: 'COMPLETED',
    scanResult: { counts: { all: 0, critical: 0, high: 0, medium: 0 }, at: NOW - HOUR },
    tests: { text: 'passed: 5 of 5 steps succeeded', isFailed: false },
    startedBy: 'dan@example.com',
    comparison: {
      version: '1.3.0/12',
      at: NOW - 14 * 24 * HOUR,
      lines: [
        'Recipe: web-server 1.4.0, was web-server 1.3.0',
        'Component nginx: 1.0.3/1, was 1.0.2/1',
        'Component added: node-exporter 2.1.0/1',
        'Package openssl: 3.2.2-1.amzn2023.0.2, was 3.0.8-1.amzn2023.0.18',
      ],
    },
    accountNames: { '111122223333': 'shop', '444455556666': 'shop-backup' },
    facts: { recipe: 'web-server 1.4.0', parentImage: PARENT, components: [] },
    ...more,
  };
}

export function approval(more: Partial<ApprovalRecord> = {}): ApprovalRecord {
  return {
    image: '0123456789abcdef0123456789abcdef',
    part: 'share',
    revision: 'r1',
    open: 'open',
    status: 'pending',
    round: 1,
    subject: subject(),
    review: review(),
    fingerprint: 'f',
    required: 2,
    approvers: [ANN, BEN, CEM].map((address) => ({ address, tokenHash: `hash of ${address}` })),
    expiresAt: NOW + 72 * HOUR,
    shares: {},
    history: [{ at: NOW - HOUR, round: 1, what: 'asked' }],
    ...more,
  };
}

export function voted(who: string, what: 'approve' | 'reject', why?: string): HistoryEntry {
  return {
    at: NOW - HOUR / 2,
    round: 1,
    what,
    who,
    ...(why !== undefined && { why }),
    sourceIp: '203.0.113.7',
    userAgent: 'Firefox',
  };
}

const both = [voted(ANN, 'approve'), voted(BEN, 'approve')];
const shared = {
  'ami-0a1b2c3d4e5f60718': { region: 'eu-west-1', result: 'shared', remarks: [] },
  'ami-0f9e8d7c6b5a40312': { region: 'us-east-1', result: 'shared', remarks: [] },
} as const;

/** A request in every state of the page, by name. The viewer is `ann`. */
export const states: Readonly<Record<string, ApprovalRecord>> = {
  open: approval(),
  'one more': approval({ history: [voted(BEN, 'approve')] }),
  'approved by you': approval({ history: [voted(ANN, 'approve')] }),
  'new round': approval({
    round: 2,
    history: [
      { at: NOW - 2 * HOUR, round: 1, what: 'asked' },
      voted(BEN, 'reject', 'sshd listens to the world'),
      { at: NOW, round: 2, what: 'asked', who: 'dan@example.com', why: 'the port is closed now' },
    ],
  }),
  'first build': approval({
    review: {
      tests: { text: 'none: the pipeline has no tests', isFailed: false },
      startedBy: 'the schedule of its pipeline',
      facts: { components: [] },
    },
  }),
  'many changes': approval({
    review: review({
      scan: 'COMPLETED',
      scanResult: { counts: { all: 9, critical: 1, high: 2, medium: 3 }, at: NOW - HOUR },
      tests: { text: '1 of 2 test workflows failed: the step Reboot timed out', isFailed: true },
      comparison: {
        version: '1.3.0/12',
        at: NOW - 14 * 24 * HOUR,
        lines: Array.from(
          { length: 30 },
          (_, i) =>
            `Package kernel-modules-extra-${i}: 6.1.119-129.201.amzn2023, was 6.1.112-124.190.amzn2023`,
        ),
      },
    }),
  }),
  'started by you': approval({ subject: subject({ initiator: ANN }) }),
  'already shared': approval({
    subject: subject({
      alreadyShared: ['organization o-a1b2c3d4e5 in eu-west-1'],
      foreignAmis: ['ami-0123 in eu-west-1 of account 777788889999'],
    }),
  }),
  'at a step': approval({
    part: 'step-1',
    subject: subject({
      workflowStep: { stepExecutionId: 'step-1', name: 'ApproveImage' },
      amis: [],
      code: '1.4.0/7',
      recipients: [],
    }),
  }),
  'being shared': approval({ status: 'approved', decidedAt: NOW, history: both }),
  shared: approval({ status: 'shared', history: both, shares: shared }),
  resumed: approval({
    status: 'resumed',
    history: both,
    subject: subject({ workflowStep: { stepExecutionId: 'step-1', name: 'ApproveImage' } }),
  }),
  rejected: approval({ status: 'rejected', history: [voted(BEN, 'reject', 'sshd listens to the world')] }),
  expired: approval({ status: 'expired', expiresAt: NOW - HOUR }),
  cancelled: approval({ status: 'cancelled', why: 'its pipeline web matches no pattern in Pipelines' }),
  outdated: approval({
    status: 'outdated',
    history: both,
    why: 'its AMIs changed after approval was requested',
  }),
  failed: approval({
    status: 'failed',
    history: both,
    shares: {
      ...shared,
      'ami-0f9e8d7c6b5a40312': { region: 'us-east-1', result: 'failed', remarks: ['AuthFailure: not yours'] },
    },
    why: '1 of 2 AMIs could not be shared',
  }),
};
