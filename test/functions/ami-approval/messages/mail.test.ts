import { describe, expect, it } from 'vitest';
import type { ApprovalRecord } from '../../../../functions/ami-approval/domain/approval-record.ts';
import { buildFailedMail } from '../../../../functions/ami-approval/messages/build-failed-mail.ts';
import {
  imageSharedMail,
  invitationMail,
  requestClosedMail,
} from '../../../../functions/ami-approval/messages/mail.ts';
import { ANN, approval, BEN, NOW, review, subject, voted } from '../approvals.ts';

function invite(record: ApprovalRecord): string {
  return invitationMail({
    record,
    approver: ANN,
    link: 'https://x/approvals/a/b',
    findings: undefined,
    now: NOW,
  }).text;
}

describe('an invitation', () => {
  it('has what helps to decide', () => {
    const text = invite(approval());
    expect(text).toContain(
      'Changed since 1.3.0/12, approved on Sat, 07 Nov 2026, 12:00 UTC\n  Recipe: web-server 1.4.0',
    );
    expect(text).toMatch(/\n {2}Scan {11}clean, no vulnerabilities found, as of .*\n {2}Tests {10}passed/);
    expect(text).toContain('Started by     dan@example.com');
    expect(text).toContain(
      '  account 111122223333 (shop)\n  account 444455556666 (shop-backup), with its snapshots',
    );
    expect(text).toContain(
      'https://eu-west-1.console.aws.amazon.com/imagebuilder/home?region=eu-west-1#/images/',
    );
  });

  it('warns about failed tests', () => {
    const tests = { text: '1 of 1 test workflow failed', isFailed: true };
    expect(invite(approval({ review: review({ tests }) }))).toContain(
      'FAILED TESTS: 1 of 1 test workflow failed.',
    );
  });
});

describe('every mail', () => {
  const BIDI = '\u202e\u2066\u200b\u{e0041}';
  const record = approval({
    subject: subject({
      name: `web${BIDI}`,
      recipients: [BIDI],
      alreadyShared: [BIDI],
      details: [[BIDI, BIDI]],
    }),
    review: review({ startedBy: BIDI, tests: { text: BIDI, isFailed: true } }),
    why: BIDI,
    shares: { 'ami-1': { region: BIDI, result: 'failed', remarks: [BIDI] } },
    history: [voted(BEN, 'reject', BIDI)],
  });

  it.each([
    ['an invitation', invite(record)],
    ['a shared image', imageSharedMail(record).text],
    ['a closed request', requestClosedMail({ ...record, status: 'rejected' }).text],
    ['a failed build', buildFailedMail({ imageArn: `a/${BIDI}`, reason: BIDI }).text],
  ])('about %s has no invisible characters that could reverse a text', (_, text) => {
    expect(text).not.toMatch(/\p{Cf}/u);
  });
});
