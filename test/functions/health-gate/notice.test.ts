import { describe, expect, it } from 'vitest';
import { closeHold } from '../../../functions/health-gate/domain/hold-record.ts';
import { type Told, writeDigest } from '../../../functions/health-gate/messages/mail.ts';
import { NOW } from './examples.ts';
import { config, keep } from './resume-account.ts';

const held = keep('orders');
const given = { ...closeHold(held, 'given up', 'older than 24 hours', NOW), revision: 'r' };

function write(...told: Told[]) {
  return writeDigest(told, config);
}

describe('a mail about one deployment', () => {
  it('held says what, why, since when, what happens next and what can be done', () => {
    const { subject, text } = write({ hold: held, notice: 'held' });
    expect(subject).toBe('Deployment held: orders, stage Prod');
    expect(text.split('\n')).toEqual([
      'orders, stage Prod: held',
      'Execution: execution of orders',
      'Stopped: 2026-11-21T12:00:00Z',
      'Why: Incident In Progress',
      "Next: resumes by itself once the gate's checks have been clear for 10 to 20 minutes. Attempt 1 of 3. Given up at 2026-11-22T12:00:00Z.",
      'To go on by hand: aws codepipeline retry-stage-execution --pipeline-name orders --stage-name Prod --pipeline-execution-id execution of orders --retry-mode FAILED_ACTIONS (the gate checks again)',
      'To stop it: release something newer, or take the tag groundcrew:resume off the pipeline.',
      '',
    ]);
  });

  it('held without jitter names one time', () => {
    const { text } = writeDigest([{ hold: held, notice: 'held' }], { ...config, jitterMs: 0 });
    expect(text).toContain('clear for 10 minutes.');
  });

  it('resumed says which attempt it was, also if the gate was quicker to stop it again', () => {
    const { text } = write({ hold: { ...held, attempts: 2 }, notice: 'resumed' });
    expect(text).toContain('Attempt 2 of 3.');
  });

  it('given up says why, and how to go on', () => {
    const { subject, text } = write({ hold: given, notice: 'given up' });
    expect(subject).toBe('Deployment given up: orders, stage Prod');
    expect(text).toContain('Given up: older than 24 hours');
    expect(text).toContain('aws codepipeline retry-stage-execution');
  });

  it('of the longest names keeps its subject within what SNS takes', () => {
    const hold = { ...held, pipeline: 'p'.repeat(100), stage: 's'.repeat(100) };
    const { subject } = write({ hold, notice: 'given up' });
    expect(subject.length).toBeLessThan(100);
    expect(subject).toMatch(/^[\x20-\x7e]+$/);
    expect(subject).toContain(', stage sss');
  });
});

describe('a mail about many', () => {
  it('counts them, and what needs a person comes first', () => {
    const { subject, text } = write(
      { hold: held, notice: 'resumed' },
      { hold: held, notice: 'held' },
      { hold: given, notice: 'given up' },
      { hold: held, notice: 'held' },
    );
    expect(subject).toBe('Deployments: 1 given up, 2 held, 1 resumed');
    expect(text.indexOf('given up')).toBeLessThan(text.indexOf(': held'));
  });

  it('is cut before SNS refuses it, and says so', () => {
    const hold = { ...held, reason: 'ä'.repeat(1000) };
    const { text } = write(...Array.from({ length: 500 }, (): Told => ({ hold, notice: 'held' })));
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
    expect(text).toMatch(/\.\.\. and \d+ more; the function's log names them\.$/);
  });
});
