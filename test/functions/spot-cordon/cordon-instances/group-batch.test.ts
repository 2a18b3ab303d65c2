import { describe, expect, it } from 'vitest';
import { groupBatchByInstance } from '../../../../functions/spot-cordon/cordon-instances/group-batch.ts';
import {
  interruptionDisruption,
  rebalanceDisruption,
} from '../../../../functions/spot-cordon/domain/disruption.ts';
import { ID, info, MINUTE, NOW, warning } from '../sample-records.ts';

describe('a batch', () => {
  it('is grouped by instance and ordered by time, and reports what is too old', () => {
    const old = interruptionDisruption(
      { ...info, eventTime: NOW - 5 * MINUTE, sourceEventId: 'old' },
      'spot interruption',
      'stop',
    );
    const early = rebalanceDisruption({ ...info, eventTime: NOW - 1 }, 30 * MINUTE);
    const batch = groupBatchByInstance(
      [
        { id: 'm1', message: { kind: 'disruption', disruptions: [warning], ignored: [] } },
        { id: 'm2', message: { kind: 'disruption', disruptions: [old], ignored: [] } },
        {
          id: 'm3',
          message: {
            kind: 'disruption',
            disruptions: [early],
            ignored: [{ value: 'h-1', reason: 'is neither an instance nor a Dedicated Host' }],
          },
        },
        {
          id: 'm4',
          message: { kind: 'cancellation', instanceIds: ['i-1'], ignored: [], notice: 'arn', eventTime: NOW },
        },
        { id: 'm5', message: { kind: 'due', instanceId: 'i-2' } },
      ],
      NOW,
    );
    expect(batch.disruptions.get(ID)).toEqual({ messageIds: ['m1', 'm3'], disruptions: [early, warning] });
    expect(batch.cancellations.get('i-1')).toEqual({
      messageIds: ['m4'],
      closed: [{ notice: 'arn', eventTime: NOW }],
    });
    expect(batch.due.get('i-2')).toEqual({ messageIds: ['m5'], disruptions: [] });
    expect(batch.dropped).toEqual([
      {
        instanceId: ID,
        reason: 'too old',
        detail: { severity: 'interruption', sourceEventId: 'old', secondsLate: '180' },
      },
      { instanceId: 'h-1', reason: 'is neither an instance nor a Dedicated Host' },
    ]);
  });
});
