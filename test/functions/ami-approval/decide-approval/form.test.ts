import { describe, expect, it } from 'vitest';
import { parseForm } from '../../../../functions/ami-approval/decide-approval/form.ts';
import { ANN, approval, subject } from '../approvals.ts';

describe('a form', () => {
  const record = approval();
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

  it.each(['f60718', ' F60718 ', 'F60718\n'])('approves with %j', (code) => {
    expect(parseForm(form({ decision: 'approve', code }), record, ANN)).toEqual({ decision: 'approve' });
  });

  it('takes a comment on an approval, on one line, and gives it back with a wrong code', () => {
    const comment = ' tested\r\nby hand\u202e ';
    expect(parseForm(form({ decision: 'approve', code: 'f60718', comment }), record, ANN)).toEqual({
      decision: 'approve',
      why: 'tested by hand',
    });
    expect(parseForm(form({ decision: 'approve', code: 'x', comment }), record, ANN)).toMatchObject({
      typed: 'x',
      comment: 'tested by hand',
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['no field', {}, /use the Approve or the Reject button/],
    ['no code', { decision: 'approve' }, /type f60718 exactly/],
    ['another code', { decision: 'approve', code: '40312' }, /type f60718 exactly/],
    ['a whole AMI ID', { decision: 'approve', code: 'ami-0a1b2c3d4e5f60718' }, /type f60718 exactly/],
    ['another decision', { decision: 'share', code: 'f60718' }, /Approve or the Reject button/],
    ['no reason', { decision: 'reject' }, /type a reason/],
    ['a blank reason', { decision: 'reject', why: ' \n\u0000 ' }, /type a reason/],
  ])('is not a vote with %s', (_, fields, problem) => {
    expect(parseForm(form(fields), record, ANN)).toMatchObject({ problem: expect.stringMatching(problem) });
  });

  it('shortens a reason to one line of at most 500 characters', () => {
    const why = `line one\r\nSubject: x\u2028\u0007 ${'ü'.repeat(600)}`;
    const result = parseForm(form({ decision: 'reject', why }), record, ANN);
    expect('why' in result && result.why).toMatch(/^line one Subject: x ü+$/);
    expect('why' in result && result.why.length).toBe(500);
  });

  it('cannot approve if the approver started the build', () => {
    const startedByAnn = approval({ subject: subject({ initiator: ANN }) });
    expect(parseForm(form({ decision: 'approve', code: 'f60718' }), startedByAnn, ANN)).toMatchObject({
      problem: expect.stringMatching(/started this build/),
    });
  });

  it('uses only the first of several codes', () => {
    expect(parseForm('decision=approve&code=x&code=f60718', record, ANN)).toHaveProperty('problem');
  });
});
