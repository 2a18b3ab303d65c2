import { describe, expect, it } from 'vitest';
import { summarizeCalls } from '../../../bench/disk-alarms/alarms.ts';
import { countScan, mostInstances } from '../../../bench/disk-alarms/auto-alarms.ts';
import { addCounts } from '../../../bench/disk-alarms/reconcile-until-settled.ts';

const fleet = { instances: 1000, disksEach: 4 };

describe('a scan of CloudWatchAutoAlarms', () => {
  it('writes a tag and three alarms for each instance, however many disks it has', () => {
    expect(Object.fromEntries(countScan(fleet, 'default'))).toEqual({
      DescribeInstances: 1001,
      CreateTags: 1000,
      DescribeImages: 1000,
      ListMetrics: 0,
      PutMetricAlarm: 3000,
    });
  });

  it('with its wildcard lists the metrics of each instance and writes an alarm for each disk', () => {
    expect(Object.fromEntries(countScan(fleet, 'every disk'))).toMatchObject({
      ListMetrics: 1000,
      PutMetricAlarm: 4000,
    });
  });

  it('ends at the time limit of its function', () => {
    expect(mostInstances(4, 'default')).toBe(600);
    expect(mostInstances(4, 'every disk')).toBe(450);
  });
});

describe('the calls of a fleet', () => {
  it('of several runs are added by action', () => {
    const runs = [
      new Map([['DescribeAlarms', 2]]),
      new Map([
        ['DescribeAlarms', 3],
        ['PutMetricAlarm', 1],
      ]),
    ];

    expect([...addCounts(runs)]).toEqual([
      ['DescribeAlarms', 5],
      ['PutMetricAlarm', 1],
    ]);
  });

  it('are summed for a day, and writes are what does not only read', () => {
    const first = new Map([
      ['ListMetrics', 5],
      ['GetMetricData', 1],
      ['PutMetricAlarm', 8],
      ['SendMessageBatch', 1],
    ]);

    expect(
      summarizeCalls('ours', 10, { first, next: new Map([['DescribeAlarms', 3]]), runsADay: 24 }),
    ).toEqual({
      instances: 10,
      way: 'ours',
      first: 15,
      firstWrites: 9,
      next: 3,
      nextWrites: 0,
      aDay: 72,
    });
  });
});
