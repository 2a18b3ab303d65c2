import { describe, expect, it } from 'vitest';
import {
  cordonSummaryMail,
  launchFailedMail,
  overdueMail,
} from '../../../../functions/spot-cordon/messages/mail.ts';
import { cordon, ID } from '../sample-records.ts';

describe('the mail of a batch', () => {
  it('says which instance, why, until when and what was done', () => {
    const record = cordon({
      group: 'workers',
      steps: { drain: '2 targets', replace: 'not requested' },
      remarks: ['tg drains for 300 s, longer than the notice of 120 s'],
    });
    expect(cordonSummaryMail([record])).toMatchObject({
      subject: 'Groundcrew cordoned 1 instance (1 interruption)',
      text: [
        'Groundcrew cordoned 1 instance (1 interruption).',
        'You need to act only if you place work by hand: place no new work on these instances.',
        '',
        `${ID}: spot interruption, action terminate, deadline 2026-11-02 10:02:00 UTC, group workers`,
        '  drain: 2 targets',
        '  replace: not requested',
        '  note: tg drains for 300 s, longer than the notice of 120 s',
        '',
      ].join('\n'),
    });
  });

  it('of a thousand instances stays below the SNS limit', () => {
    const records = Array.from({ length: 1000 }, (_, i) =>
      cordon({
        group: 'g'.repeat(255),
        severity: i % 2 ? 'rebalance' : 'interruption',
        steps: { drain: 'x'.repeat(100) },
        remarks: ['y'.repeat(250)],
      }),
    );
    const { subject, text } = cordonSummaryMail(records);
    expect(subject).toBe('Groundcrew cordoned 1000 instances (500 interruption, 500 rebalance)');
    expect(subject.length).toBeLessThan(100);
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
    expect(text).toContain('... and 800 more');
  });
});

describe('the mail about instances that outlive their interruption', () => {
  it('says where each one is, and what happens next', () => {
    const detached = cordon({ orderedReplacement: { kind: 'detach', group: 'workers', orderedAt: 0 } });

    const mail = overdueMail([
      { record: detached, isToTerminate: true },
      { record: cordon(), isToTerminate: false },
    ]);

    expect(mail.subject).toBe('Groundcrew: 2 instances outlived an interruption');
    expect(mail.text.split('\n').slice(3)).toEqual([
      `${ID}: spot interruption, deadline 2026-11-02 10:02:00 UTC`,
      '  detached from group workers: it costs money outside the group until it is terminated',
      '  Groundcrew terminates it in about five minutes, because of its tag groundcrew:overdue=terminate',
      '',
      `${ID}: spot interruption, deadline 2026-11-02 10:02:00 UTC`,
      '  still cordoned: it gets no new work',
      '',
    ]);
  });
});

describe('the mail about replacements that could not be launched', () => {
  it('says why, and how to see the details', () => {
    const record = cordon({ orderedReplacement: { kind: 'detach', group: 'workers', orderedAt: 0 } });

    const mail = launchFailedMail([{ record, failure: 'no capacity' }]);

    expect(mail.subject).toBe('Groundcrew: no replacement for 1 interrupted instance');
    expect(mail.text).toContain(`${ID}: group workers, no capacity`);
    expect(mail.text).toContain("describe-scaling-activities --auto-scaling-group-name 'workers'");
  });
});
