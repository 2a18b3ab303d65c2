import { describe, expect, it } from 'vitest';
import { createAlarmStore } from '../../../bench/disk-alarms/alarm-store.ts';
import { mapping } from '../../../local/json.ts';

const nameOf = (answer: object): unknown =>
  [mapping(answer)['MetricAlarms']].flat().map((alarm) => mapping(alarm)['AlarmName']);

describe('the alarms of the account', () => {
  it('are described by prefix, 100 on a page, in the order of their names', () => {
    const alarms = createAlarmStore();
    for (let at = 250; at > 0; at -= 1) alarms.put({ AlarmName: `disk-${String(at).padStart(3, '0')}` });
    alarms.put({ AlarmName: 'other' });

    const first = mapping(alarms.describe({ AlarmNamePrefix: 'disk-' }));
    const last = alarms.describe({ AlarmNamePrefix: 'disk-', NextToken: '200' });

    expect(first).toMatchObject({
      NextToken: '100',
      MetricAlarms: { length: 100, 0: { AlarmName: 'disk-001' } },
    });
    expect(nameOf(last)).toHaveLength(50);
    expect(last).not.toHaveProperty('NextToken', expect.anything());
    expect(alarms.size).toBe(251);
  });

  it('are replaced by a put, keep no tags, and have the defaults of CloudWatch', () => {
    const alarms = createAlarmStore();
    alarms.put({ AlarmName: 'a', Threshold: 1, Tags: [{ Key: 'k', Value: 'v' }] });
    alarms.put({ AlarmName: 'a', Threshold: 2 });

    expect(alarms.describe({ AlarmNames: ['a', 'gone'] })).toEqual({
      MetricAlarms: [
        {
          AlarmName: 'a',
          AlarmArn: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a',
          Threshold: 2,
          ActionsEnabled: true,
          AlarmActions: [],
          OKActions: [],
          InsufficientDataActions: [],
          Dimensions: [],
        },
      ],
    });
  });
});
