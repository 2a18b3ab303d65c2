import { describe, expect, it } from 'vitest';
import { closeHold } from '../../../../functions/health-gate/domain/hold-transitions.ts';
import { type HoldNotification, summaryMail } from '../../../../functions/health-gate/messages/mail.ts';
import { NOW } from '../examples.ts';
import { config, keep } from '../resume-account.ts';

const held = keep('orders');
const abandoned = { ...closeHold(held, 'abandoned', 'older than 24 hours', NOW), revision: 'r' };

function write(...notifications: HoldNotification[]) {
  return summaryMail(notifications, config);
}

describe('a mail about one deployment', () => {
  it('held says what, why, since when, what happens next and what can be done', () => {
    const { subject, text } = write({ hold: held, kind: 'held' });
    expect(subject).toBe('Deployment held: orders, stage Prod');
    expect(text.split('\n')).toEqual([
      'orders, stage Prod: held',
      'Execution: execution of orders',
      'Stopped: 2026-11-21T12:00:00Z',
      'Reason: Incident In Progress',
      "You need to do nothing: it resumes automatically when the gate's checks have been clear for 10 to 20 minutes. Attempt 1 of 3. Abandoned at 2026-11-22T12:00:00Z if they are still not clear.",
      'To retry now: aws codepipeline retry-stage-execution --pipeline-name orders --stage-name Prod --pipeline-execution-id execution of orders --retry-mode FAILED_ACTIONS (the gate checks again)',
      'To prevent the resume: release a newer change, or remove the tag groundcrew:resume from the pipeline.',
      '',
    ]);
  });

  it('held without jitter names one time', () => {
    const { text } = summaryMail([{ hold: held, kind: 'held' }], { ...config, jitterMs: 0 });
    expect(text).toContain('clear for 10 minutes.');
  });

  it('resumed says which attempt it was, also if the gate was quicker to stop it again', () => {
    const { text } = write({ hold: { ...held, attempts: 2 }, kind: 'resumed' });
    expect(text).toContain('Attempt 2 of 3.');
  });

  it('abandoned says why, and how to go on', () => {
    const { subject, text } = write({ hold: abandoned, kind: 'abandoned' });
    expect(subject).toBe('Deployment abandoned: orders, stage Prod');
    expect(text).toContain('Abandoned: older than 24 hours');
    expect(text).toContain('aws codepipeline retry-stage-execution');
  });

  it('of the longest names keeps its subject within what SNS takes', () => {
    const hold = { ...held, pipeline: 'p'.repeat(100), stage: 's'.repeat(100) };
    const { subject } = write({ hold, kind: 'abandoned' });
    expect(subject.length).toBeLessThan(100);
    expect(subject).toMatch(/^[\x20-\x7e]+$/);
    expect(subject).toContain(', stage sss');
  });
});

describe('a mail about many', () => {
  it('counts them, and what needs a person comes first', () => {
    const { subject, text } = write(
      { hold: held, kind: 'resumed' },
      { hold: held, kind: 'held' },
      { hold: abandoned, kind: 'abandoned' },
      { hold: held, kind: 'held' },
    );
    expect(subject).toBe('Deployments: 1 abandoned, 2 held, 1 resumed');
    expect(text.indexOf('abandoned')).toBeLessThan(text.indexOf(': held'));
  });

  it('is cut before SNS refuses it, and says so', () => {
    const hold = { ...held, reason: 'ä'.repeat(1000) };
    const { text } = write(...Array.from({ length: 500 }, (): HoldNotification => ({ hold, kind: 'held' })));
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
    expect(text).toMatch(/\.\.\. and \d+ more; see the function's log\.$/);
  });
});

describe('in chat', () => {
  it('everything about one deployment is one thread', () => {
    const [first] = write({ hold: held, kind: 'held' }).chat;
    const [second] = write({ hold: { ...held, attempts: 1 }, kind: 'resumed' }).chat;
    expect([first?.title, second?.title]).toEqual([
      'Deployment held: orders, stage Prod',
      'Deployment resumed: orders, stage Prod',
    ]);
    expect(first?.thread).toBe(second?.thread);
    expect(first?.thread).not.toBe(write({ hold: keep('invoices'), kind: 'held' }).chat[0]?.thread);
  });

  it('the next steps are those of the mail', () => {
    const { chat, text } = write({ hold: abandoned, kind: 'abandoned' });
    for (const step of chat[0]?.nextSteps ?? []) expect(text).toContain(step);
    expect(chat[0]?.nextSteps?.join()).toContain('aws codepipeline retry-stage-execution');
  });
});
