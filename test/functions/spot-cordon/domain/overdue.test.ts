import { describe, expect, it } from 'vitest';
import {
  decideAtStateChange,
  decideAtSweep,
} from '../../../../functions/spot-cordon/domain/uncordon-decision.ts';
import { cordon, instance, MINUTE, NOW } from '../sample-records.ts';

const LATE = NOW + 13 * MINUTE;
const orderedReplacement = { kind: 'detach', group: 'workers', orderedAt: NOW } as const;
const asked = instance({ tags: { 'groundcrew:overdue': 'terminate' } });

describe('an instance that outlives its interruption', () => {
  it.each([
    ['is reported', cordon({ orderedReplacement }), instance(), { next: 'report', isToTerminate: false }],
    [
      'is reported before it is terminated',
      cordon({ orderedReplacement }),
      asked,
      { next: 'report', isToTerminate: true },
    ],
    [
      'is terminated some minutes after the report',
      cordon({ orderedReplacement, overdueSince: LATE - 4 * MINUTE }),
      asked,
      { next: 'terminate', isToTerminate: true },
    ],
    [
      'is not terminated by a second sweep right after the report',
      cordon({ orderedReplacement, overdueSince: LATE - MINUTE }),
      asked,
      { next: 'wait', isToTerminate: true },
    ],
    [
      'is not terminated without the tag',
      cordon({ orderedReplacement, overdueSince: LATE - 60 * MINUTE }),
      instance({ tags: { 'groundcrew:overdue': 'true' } }),
      { next: 'wait', isToTerminate: false },
    ],
    [
      'is not terminated if it was never detached',
      cordon({ overdueSince: LATE - 60 * MINUTE }),
      asked,
      { next: 'wait', isToTerminate: false },
    ],
    [
      'is not terminated if Auto Scaling was to terminate it',
      cordon({ orderedReplacement: { ...orderedReplacement, kind: 'terminate' }, overdueSince: NOW }),
      asked,
      { next: 'wait', isToTerminate: false },
    ],
  ])('%s', (_, record, found, expected) => {
    expect(decideAtSweep(record, found, LATE)).toEqual({ kind: 'overdue', ...expected });
  });
});

describe('the record of a terminated instance', () => {
  it('stays for as long as the launch of its replacement may fail', () => {
    const record = cordon({ orderedReplacement });

    expect(decideAtStateChange(record, 'terminated', NOW + 2 * MINUTE)).toEqual({ kind: 'keep' });
    expect(decideAtSweep(record, undefined, NOW + 10 * MINUTE)).toEqual({ kind: 'keep' });
    expect(decideAtSweep(record, undefined, NOW + 11 * MINUTE).kind).toBe('delete');
  });
});
