import { describe, expect, it } from 'vitest';
import { renderPage } from '../../../../functions/ami-approval/decide-approval/page.ts';
import type { ApprovalRecord } from '../../../../functions/ami-approval/domain/approval-record.ts';
import { ANN, approval, BEN, NOW, review, states, subject, voted } from '../approvals.ts';

const counts = { all: 3, critical: 1, high: 2, medium: 0 };
const findings = { image: '', part: 'findings', revision: '', counts, at: NOW };

function pageOf(record: ApprovalRecord): string {
  return renderPage({ record, approver: ANN, subscriptions: [], findings, now: NOW });
}

function stateNamed(name: string): ApprovalRecord {
  const found = states[name];
  if (!found) throw new Error(`There is no state ${name}`);
  return found;
}

describe('an open page', () => {
  const page = pageOf(approval());

  it('has the checks, the changes and the names of accounts before its forms', () => {
    const before = page.slice(0, page.indexOf('<form'));
    expect(before).toContain('<dt>Scan</dt><dd>1 critical, 2 high; 3 in total');
    expect(before).toContain('<dt>Tests</dt><dd>passed: 5 of 5 steps succeeded');
    expect(before).toContain('<dt>Started by</dt><dd>dan@example.com');
    expect(before).toContain('Changed since 1.3.0/12, approved on');
    expect(before).toContain('<li>account 111122223333 (shop)</li>');
  });

  it('links to the image and to the form that launches a test instance', () => {
    expect(page).toContain(
      'href="https://eu-west-1.console.aws.amazon.com/imagebuilder/home?region=eu-west-1#/images/arn',
    );
    for (const region of ['eu-west-1', 'us-east-1'])
      expect(page).toContain(
        `href="https://${region}.console.aws.amazon.com/ec2/home?region=${region}#LaunchInstances:ami=ami-`,
      );
  });

  it('warns about failed tests and folds a long list of packages', () => {
    const many = pageOf(stateNamed('many changes'));
    expect(many).toContain('<strong>Failed tests:</strong> 1 of 2 test workflows failed');
    expect(many).toMatch(
      /<details><summary>Changed packages \(30\)<\/summary><ul>(<li>Package .{50,90}<\/li>){30}<\/ul>/,
    );
  });

  it('still lets the first of two approvers reject, and not approve again', () => {
    const page = pageOf(stateNamed('approved by you'));
    expect(page).toContain('you can still reject it');
    expect(page).toContain('name="decision" value="reject"');
    expect(page).not.toContain('value="approve"');
  });

  it('has no invisible characters that could reverse a text', () => {
    const BIDI = '\u202e\u2066\u200b\u{e0041}';
    const record = approval({
      subject: subject({
        name: `web${BIDI}`,
        recipients: [BIDI],
        alreadyShared: [BIDI],
        details: [[BIDI, BIDI]],
      }),
      review: review({ startedBy: BIDI, tests: { text: BIDI, isFailed: true } }),
      history: [voted(BEN, 'approve', BIDI)],
    });
    expect(pageOf(record)).not.toMatch(/\p{Cf}/u);
  });
});

describe('an old page', () => {
  const ended = [
    'being shared',
    'shared',
    'resumed',
    'rejected',
    'expired',
    'cancelled',
    'outdated',
    'failed',
  ];

  it.each(ended)('shows only how it ended if it is %s', (name) => {
    const record = stateNamed(name);
    const page = pageOf({
      ...record,
      subject: { ...record.subject, alreadyShared: ['account 777788889999'] },
    });
    expect(page).not.toMatch(
      /<form|<dl>|warning"|Already shared|vulnerabilities|web-server 2026|account 1111/,
    );
    expect(page.includes('ami-0a1b')).toBe(name === 'failed');
  });

  it('shows who decided and why', () => {
    expect(pageOf(stateNamed('rejected'))).toContain('ben@example.com rejected it, ');
    expect(pageOf(stateNamed('failed'))).toContain('in us-east-1: failed; AuthFailure: not yours');
  });
});
