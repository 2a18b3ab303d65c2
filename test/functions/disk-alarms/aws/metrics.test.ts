import { ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../../functions/disk-alarms/reconcile-disk-alarms/event.ts';
import { reconcileDiskAlarms } from '../../../../functions/disk-alarms/reconcile-disk-alarms/reconcile-disk-alarms.ts';
import { readTemplate, readText } from '../../../support/template.ts';
import { type FakeAccount, fakeAccount, HOURLY, testConfig } from '../fake-cloudwatch.ts';

/** @returns the values of the metrics */
async function runHourly(account: FakeAccount, more: Readonly<Record<string, string>> = {}) {
  const message = parseEvent(HOURLY);
  const config = testConfig({ CHANGES_PER_SECOND: '100', ...more });
  const { retry } = await reconcileDiskAlarms(
    [{ id: 'one', message, attempt: 1 } as never],
    config,
    account.invocation,
  );
  expect(retry).toEqual([]);
  return account.book.counts;
}

const template = readTemplate(readText('functions/disk-alarms/template.yaml'));

/** Whether one hourly run with this value sets off the alarm, as CloudWatch evaluates it. */
function setsOff(alarmId: string, metric: string, value: number): boolean {
  const { Properties: alarm } = template.Resources[alarmId] ?? {};
  expect(alarm).toMatchObject({
    Namespace: 'Groundcrew',
    MetricName: metric,
    Dimensions: [
      { Name: 'service', Value: 'ReconcileDiskAlarms' },
      { Name: 'stack', Value: { Ref: 'AWS::StackName' } },
    ],
    Statistic: 'Maximum',
    DatapointsToAlarm: 1,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });
  expect(alarm.AlarmActions).toHaveLength(1);
  return value > alarm.Threshold;
}

describe.each(['disk', 'fleet'])('in %s mode', (MODE) => {
  it('running instances without disk metrics set off an alarm, which names them', async () => {
    const account = fakeAccount(3);
    account.cloudWatch.on(ListMetricsCommand).resolves({ Metrics: [] });
    const counts = await runHourly(account, { MODE });
    expect(counts['InstancesWithoutMetrics']).toBe(3);
    expect(setsOff('DiskMetricsAlarm', 'InstancesWithoutMetrics', 3)).toBe(true);
    expect(account.book.lines.at(-1)?.fields['unmonitored']).toHaveLength(3);
  });

  it('instances out of scope set off nothing, and neither do those with metrics', async () => {
    const silent = fakeAccount(3);
    silent.cloudWatch.on(ListMetricsCommand).resolves({ Metrics: [] });
    expect(await runHourly(silent, { MODE, SCOPE: 'tagged' })).not.toHaveProperty('InstancesWithoutMetrics');
    expect(await runHourly(fakeAccount(3), { MODE })).not.toHaveProperty('InstancesWithoutMetrics');
    expect(setsOff('DiskMetricsAlarm', 'InstancesWithoutMetrics', 0)).toBe(false);
  });
});

it('a topic that cannot be used sets off an alarm', async () => {
  const account = fakeAccount(2, { 'groundcrew:disk-topic': 'typo' });
  const missing = Object.assign(new Error('no topic'), { name: 'NotFoundException' });
  mockClient(SNSClient).on(GetTopicAttributesCommand).rejects(missing);
  const counts = await runHourly(account);
  expect(counts['TopicsUnusable']).toBe(1);
  expect(setsOff('DiskAlarmTopicsAlarm', 'TopicsUnusable', 1)).toBe(true);
  expect(await runHourly(fakeAccount(2, { 'groundcrew:disk-topic': 'team' }))).not.toHaveProperty(
    'TopicsUnusable',
  );
});

it('alarms beyond MaxAlarms set off an alarm', async () => {
  const counts = await runHourly(fakeAccount(3), { MAX_ALARMS: '4' });
  expect(counts).toMatchObject({ AlarmsOverMaximum: 2, Created: 4 });
  expect(setsOff('DiskAlarmsMaximumAlarm', 'AlarmsOverMaximum', 2)).toBe(true);
  expect(await runHourly(fakeAccount(3), { MAX_ALARMS: '6' })).not.toHaveProperty('AlarmsOverMaximum');
});

it('disks of unknown size are counted', async () => {
  const account = fakeAccount(1);
  account.cloudWatch.on(ListMetricsCommand).callsFake(async ({ MetricName }: { MetricName?: string }) => ({
    Metrics:
      MetricName === 'disk_used_percent'
        ? [
            {
              Namespace: 'CWAgent',
              MetricName,
              Dimensions: [
                { Name: 'InstanceId', Value: 'i-00000000' },
                { Name: 'path', Value: '/data' },
              ],
            },
          ]
        : [],
  }));
  const counts = await runHourly(account, { TIERS: '0:30/20 500:15/10' });
  expect(counts['DisksWithoutSize']).toBe(1);
  expect(account.book.lines.at(-1)?.fields['unsized']).toEqual(['web (i-00000000) /data']);
});
