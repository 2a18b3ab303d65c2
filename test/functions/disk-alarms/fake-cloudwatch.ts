import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandInput,
  GetMetricDataCommand,
  ListMetricsCommand,
  type ListMetricsCommandInput,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeVolumesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { readConfig } from '../../../functions/disk-alarms/config.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import { GB, NOW, TOPIC } from './builders.ts';

/** CloudWatch, EC2 and SQS with running servers of one disk each, and a clock that only calls turn. */
export function fakeAccount(count: number, tags: Readonly<Record<string, string>> = {}) {
  const clock = { now: NOW, describeMs: 100 };
  const alarms = new Map<string, MetricAlarm>();
  const ids = Array.from({ length: count }, (_, i) => `i-${i.toString(16).padStart(8, '0')}`);
  const cloudWatch = mockClient(CloudWatchClient);
  const take = <I, O>(answer: (input: I) => O, ms = () => 100) => {
    return async (input: I): Promise<O> => {
      clock.now += ms();
      return answer(input);
    };
  };
  cloudWatch.on(DescribeAlarmsCommand).callsFake(
    take(
      (input) => describeAlarms(alarms, input),
      () => clock.describeMs,
    ),
  );
  // Four at a time.
  cloudWatch.on(ListMetricsCommand).callsFake(
    take(
      (input) => listMetrics(ids, input),
      () => 25,
    ),
  );
  cloudWatch.on(GetMetricDataCommand).callsFake(
    take(({ MetricDataQueries = [] }: { MetricDataQueries: { Id: string }[] }) => ({
      MetricDataResults: MetricDataQueries.map(({ Id }) => ({
        Id,
        Timestamps: [new Date(NOW - 300_000)],
        Values: [100 * GB],
      })),
    })),
  );
  const put = (input: PutMetricAlarmCommandInput): object => {
    alarms.set(input.AlarmName ?? '', { ...input, AlarmArn: `arn:${input.AlarmName}` });
    return {};
  };
  cloudWatch.on(PutMetricAlarmCommand).callsFake(take(put));
  cloudWatch.on(DeleteAlarmsCommand).callsFake(
    take(({ AlarmNames = [] }: { AlarmNames: string[] }) => {
      for (const name of AlarmNames) alarms.delete(name);
      return {};
    }),
  );
  const Instances = ids.map((InstanceId) => ({
    InstanceId,
    State: { Name: 'running' as const },
    LaunchTime: new Date(NOW - 86_400_000),
    Tags: Object.entries({ Name: 'web', ...tags }).map(([Key, Value]) => ({ Key, Value })),
  }));
  const ec2 = mockClient(EC2Client);
  ec2.on(DescribeVolumesCommand).resolves({ Volumes: [] });
  ec2.on(DescribeInstanceTypesCommand).resolves({ InstanceTypes: [] });
  ec2.on(DescribeInstancesCommand).callsFake(take(() => ({ Reservations: [{ Instances }] })));
  mockClient(SNSClient).on(GetTopicAttributesCommand).resolves({ Attributes: {} });
  const sqs = mockClient(SQSClient);
  sqs.on(SendMessageBatchCommand).resolves({ Successful: [] });
  const tools = fakeInvocation({ now: () => clock.now, remainingMs: () => 900_000 });
  return { alarms, clock, cloudWatch, put, sqs, ...tools };
}

/** The event of the schedule. */
export const HOURLY = {
  'detail-type': 'Scheduled Event',
  source: 'aws.scheduler',
  time: '2026-11-02T10:00:00Z',
  detail: {},
  id: '1',
  account: '123456789012',
  region: 'eu-west-1',
  resources: [],
};

export type FakeAccount = ReturnType<typeof fakeAccount>;

/** The number of calls by command. */
export function callsOf({ cloudWatch }: FakeAccount): Record<string, number> {
  const names = cloudWatch
    .calls()
    .map(({ args: [command] }) => command.constructor.name.replace('Command', ''));
  return Object.fromEntries(
    [...Map.groupBy(names, (name) => name)].map(([name, some]) => [name, some.length]),
  );
}

export function testConfig(more: Readonly<Record<string, string>> = {}) {
  return readConfig({
    AWS_REGION: 'eu-west-1',
    NOTIFICATION_TOPIC_ARN: TOPIC,
    QUEUE_URL: 'https://queue',
    ALARM_PREFIX: 'groundcrew-disk-',
    DRY_RUN: 'false',
    SCOPE: 'all',
    MODE: 'disk',
    WARNING_ALARM: 'between',
    FILE_SYSTEMS: 'xfs',
    TIERS: '0:30/20',
    MINIMUM_FREE_GB: 'off',
    PERIOD_SECONDS: '300',
    DATAPOINTS: '2/3',
    STATISTIC: 'Average',
    INODES_PERCENT: '0',
    SILENT_MINUTES: '0',
    FORECAST_HOURS: '0',
    MAX_ALARMS: '2000',
    CHANGES_PER_SECOND: '1.5',
    ...more,
  });
}

const PAGE = 100;

function describeAlarms(alarms: ReadonlyMap<string, MetricAlarm>, input: DescribeAlarmsCommandInput) {
  const { AlarmNames, AlarmNamePrefix = '', NextToken = '0' } = input;
  const all = AlarmNames
    ? AlarmNames.flatMap((name) => alarms.get(name) ?? [])
    : [...alarms.values()].filter(({ AlarmName = '' }) => AlarmName.startsWith(AlarmNamePrefix));
  const start = Number(NextToken);
  const end = start + PAGE;
  return { MetricAlarms: all.slice(start, end), ...(end < all.length && { NextToken: String(end) }) };
}

function listMetrics(ids: readonly string[], { MetricName, Dimensions = [] }: ListMetricsCommandInput) {
  const wanted = Dimensions[0]?.Value;
  const metrics = ['disk_used_percent', 'disk_total'].filter(
    (one) => MetricName === undefined || one === MetricName,
  );
  return {
    Metrics: ids
      .filter((id) => wanted === undefined || id === wanted)
      .flatMap((id) =>
        metrics.map((metric) => ({
          Namespace: 'CWAgent',
          MetricName: metric,
          Dimensions: [
            { Name: 'InstanceId', Value: id },
            { Name: 'path', Value: '/' },
            { Name: 'device', Value: 'nvme0n1p1' },
            { Name: 'fstype', Value: 'xfs' },
          ],
        })),
      ),
  };
}
