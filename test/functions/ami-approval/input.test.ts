import { describe, expect, it } from 'vitest';
import { readRequestConfig } from '../../../functions/ami-approval/config.ts';
import { readForm } from '../../../functions/ami-approval/decide-approval/form.ts';
import {
  hashToken,
  isSameHash,
  isToken,
  newToken,
} from '../../../functions/ami-approval/domain/link-token.ts';
import { readDue, readOccasions } from '../../../functions/ami-approval/request-approval/event.ts';
import { readEvent } from '../../support/events.ts';
import { ANN, approval, imageArn, subject } from './approvals.ts';

describe('an occasion', () => {
  it('is read from each event of Image Builder', () => {
    expect(readOccasions(readEvent('image-state-change'))).toEqual([{ kind: 'built', imageArn }]);
    expect(readOccasions(readEvent('image-builder-notification'))).toEqual([{ kind: 'built', imageArn }]);
    const stepExecutionId = 'step-0a1b2c3d-0000-4000-8000-000000000001';
    expect(readOccasions(readEvent('workflow-step-waiting'))).toEqual([
      { kind: 'waiting', imageArn, stepExecutionId },
    ]);
    const counts = { all: 20, critical: 2, high: 5, medium: 9 };
    const at = Date.parse('2026-11-20T10:05:00Z');
    expect(readOccasions(readEvent('cve-detected'))).toEqual([{ kind: 'scanned', imageArn, counts, at }]);
  });

  it.each([
    ['FAILED', { kind: 'broken', imageArn, reason: 'out of disk' }],
    ['CANCELLED', { kind: 'none', why: `${imageArn} is CANCELLED` }],
    ['SOMETHING NEW', { kind: 'none', why: `${imageArn} is SOMETHING NEW` }],
  ])('of an image that is %s', (status, occasion) => {
    const event = readEvent('image-state-change');
    event.detail.state = { status, reason: 'out of disk' };
    expect(readOccasions(event)).toEqual([occasion]);
  });

  it.each<[string, (event: ReturnType<typeof readEvent>) => unknown, RegExp]>([
    [
      'no resources',
      (event) => ({ ...event, resources: [] }),
      /resources\.0 must be the ARN of an image build version, got ''/,
    ],
    [
      'a version instead of a build',
      (event) => ({ ...event, resources: [imageArn.replace('/7', '')] }),
      /got 'arn:aws/,
    ],
    [
      'a pipeline',
      (event) => ({ ...event, resources: ['arn:aws:imagebuilder:eu-west-1:123456789012:image-pipeline/x'] }),
      /ARN/,
    ],
    ['no state', (event) => ({ ...event, detail: {} }), /detail\.state must be an object, got nothing/],
    [
      'a state that is a list',
      (event) => ({ ...event, detail: { state: ['AVAILABLE'] } }),
      /detail\.state must be an object, got an array/,
    ],
    ['another detail type', (event) => ({ ...event, 'detail-type': 'x' }), /detail-type/],
    ['nothing at all', () => null, /must be/],
    ['a text', () => 'hello', /must be/],
  ])('is none with %s', (_, change, reason) => {
    expect(() => readOccasions(change(readEvent('image-state-change')))).toThrow(reason);
  });

  it.each(['no JSON {', '{}', '[]', 'null', '{"arn":"x","state":{"status":"AVAILABLE"}}'])(
    'is none in the message %s',
    (Message) => {
      const event = readEvent('image-builder-notification');
      event.Records[0].Sns.Message = Message;
      expect(() => readOccasions(event)).toThrow(/SNS message|arn must be the ARN/);
    },
  );

  it('of its own names a build, and perhaps a round', () => {
    const event = {
      ...readEvent('image-state-change'),
      source: 'groundcrew.ami-approval',
      'detail-type': 'AMI Approval Due',
    };
    expect(readDue({ ...event, detail: { next: 'ask', imageArn, after: 1 } })).toEqual({
      next: 'ask',
      imageArn,
      after: 1,
    });
    expect(readOccasions({ ...event, detail: { next: 'act', imageArn } })).toMatchObject([{ kind: 'due' }]);
    for (const detail of [
      { next: 'drop', imageArn },
      { next: 'ask', imageArn: '*' },
      { next: 'ask', imageArn, after: 0 },
      { next: 'ask', imageArn, stepExecutionId: 'findings' },
    ]) {
      expect(() => readDue({ ...event, detail })).toThrow(/detail\./);
    }
  });
});

describe('a form', () => {
  const record = approval();
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

  it.each(['f60718', ' F60718 ', 'F60718\n'])('approves with %j', (code) => {
    expect(readForm(form({ decision: 'approve', code }), record, ANN)).toEqual({ decision: 'approve' });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['nothing', {}, /use one of the two buttons/],
    ['no code', { decision: 'approve' }, /that is not f60718/],
    ['another code', { decision: 'approve', code: '40312' }, /that is not/],
    ['a whole id', { decision: 'approve', code: 'ami-0a1b2c3d4e5f60718' }, /that is not/],
    ['another decision', { decision: 'share', code: 'f60718' }, /two buttons/],
    ['no reason', { decision: 'reject' }, /say why/],
    ['blanks for a reason', { decision: 'reject', why: ' \n\u0000 ' }, /say why/],
  ])('decides nothing with %s', (_, fields, problem) => {
    expect(readForm(form(fields), record, ANN)).toMatchObject({ problem: expect.stringMatching(problem) });
  });

  it('takes a reason as one line of at most 500 characters', () => {
    const why = `line one\r\nSubject: x\u2028\u0007 ${'ü'.repeat(600)}`;
    const sent = readForm(form({ decision: 'reject', why }), record, ANN);
    expect('why' in sent && sent.why).toMatch(/^line one Subject: x ü+$/);
    expect('why' in sent && sent.why.length).toBe(500);
  });

  it('of whoever started the build approves nothing', () => {
    const barred = approval({ subject: subject({ barred: ANN }) });
    expect(readForm(form({ decision: 'approve', code: 'f60718' }), barred, ANN)).toMatchObject({
      problem: expect.stringMatching(/started this build/),
    });
  });

  it('uses the last of several codes for nothing but the first', () => {
    expect(readForm('decision=approve&code=x&code=f60718', record, ANN)).toHaveProperty('problem');
  });
});

describe('a token', () => {
  it('is 32 random bytes, of which a hash is kept', () => {
    const some = Array.from({ length: 100 }, newToken);
    expect(new Set(some.map(({ token }) => token)).size).toBe(100);
    for (const { token, hash } of some) {
      expect(isToken(token) && Buffer.from(token, 'base64url').length === 32).toBe(true);
      expect(hash).toBe(hashToken(token));
      expect(hash).not.toContain(token);
    }
  });

  it('is compared whole', () => {
    const { hash } = newToken();
    expect(isSameHash(hash, hash)).toBe(true);
    for (const other of ['', hash.slice(2), `${hash}00`, newToken().hash, 'zz'])
      expect(isSameHash(hash, other)).toBe(false);
    expect(isSameHash('', '')).toBe(false);
  });
});

describe('the settings', () => {
  const env = {
    APPROVALS_TABLE: 't',
    DRY_RUN: 'false',
    APPROVER_TOPIC_ARN: 'a',
    NOTIFICATION_TOPIC_ARN: 'n',
    LINK_BASE: 'https://x',
    APPROVERS: 'Ann@example.com,ben@example.com,ann@example.com',
    REQUIRED_APPROVALS: '2',
    EXPIRY_HOURS: '72',
    BAR_INITIATOR: 'true',
    TARGET_ACCOUNTS: '222222222222,111111111111',
    COPYING_ACCOUNTS: '333333333333',
  };

  it('count a person once, as his subscription writes him', () => {
    expect(readRequestConfig(env).approvers).toEqual(['Ann@example.com', 'ben@example.com']);
  });

  it('share the AMI with who copies it', () => {
    expect(readRequestConfig(env).targets).toMatchObject({
      accounts: ['111111111111', '222222222222', '333333333333'],
      copying: ['333333333333'],
    });
  });

  it('are refused all at once', () => {
    const odd = {
      ...env,
      TARGET_ACCOUNTS: 'all',
      TARGET_ORGANIZATIONS: '*',
      EXPIRY_HOURS: '0',
      APPROVERS: 'ann',
    };
    expect(() => readRequestConfig(odd)).toThrow(
      /APPROVERS has the entry "ann".*EXPIRY_HOURS is "0".*TARGET_ACCOUNTS has the entry "all".*TARGET_ORGANIZATIONS has the entry "\*"/,
    );
  });
});
