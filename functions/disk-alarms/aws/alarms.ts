import {
  type CompositeAlarm,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandOutput,
  ListTagsForResourceCommand,
  type MetricAlarm,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { paginate } from '#shared/aws/pages.ts';
import { chunk, mapLimit } from '#shared/concurrency.ts';
import { hasName } from '#shared/errors.ts';
import type { Alarm, DescribedAlarm } from '../domain/alarm.ts';
import type { Tags } from '../domain/instance.ts';
import type { OtherAlarm } from '../domain/other-alarms.ts';
import { cloudWatch, cloudWatchChanges } from './cloudwatch.ts';

/** DescribeAlarms answers at most a hundred. */
const PAGE_SIZE = 100;

/** All metric and composite alarms whose names begin with the prefix and the owner; an empty owner means any owner. */
export function listAlarms(prefix: string, owner: string, signal: AbortSignal): Promise<DescribedAlarm[]> {
  return paginate<DescribedAlarm, string>((next) => listPage({ prefix, owner, next }, signal));
}

/** Counts the alarms among each page. @returns undefined if `mayContinue` says so before the last page */
export async function countAlarms(
  prefix: string,
  countPage: (alarms: readonly DescribedAlarm[]) => number,
  mayContinue: () => boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  let count = 0;
  let next: string | undefined;
  do {
    if (!mayContinue()) return undefined;
    const page = await listPage({ prefix, owner: '', next }, signal);
    count += countPage(page.items);
    next = page.next;
  } while (next);
  return count;
}

interface PageInput {
  readonly prefix: string;
  readonly owner: string;
  readonly next: string | undefined;
}

async function listPage({ prefix, owner, next }: PageInput, signal: AbortSignal) {
  const command = new DescribeAlarmsCommand({
    AlarmNamePrefix: `${prefix}${owner}${owner && '-'}`,
    AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    MaxRecords: PAGE_SIZE,
    ...(next && { NextToken: next }),
  });
  const output = await cloudWatch.send(command, { abortSignal: signal });
  return { items: toDescribedAlarms(output), next: output.NextToken };
}

/** Metric alarms of others with this beginning of the name, as many as can be read while `mayContinue` says so. */
export async function listOtherAlarms(
  prefix: string,
  mayContinue: () => boolean,
  signal: AbortSignal,
): Promise<OtherAlarm[]> {
  return paginate<OtherAlarm, string>(async (next) => {
    if (!mayContinue()) return { items: [], next: undefined };
    const command = new DescribeAlarmsCommand({
      AlarmNamePrefix: prefix,
      AlarmTypes: ['MetricAlarm'],
      MaxRecords: PAGE_SIZE,
      ...(next && { NextToken: next }),
    });
    const { MetricAlarms = [], NextToken } = await cloudWatch.send(command, { abortSignal: signal });
    const items = MetricAlarms.map(({ AlarmName: name = '', MetricName: metric = '' }) => ({ name, metric }));
    return { items, next: NextToken };
  });
}

/** The alarms with these names, at most 100 per call. @returns those that exist */
export async function describeAlarms(
  names: readonly string[],
  signal: AbortSignal,
): Promise<DescribedAlarm[]> {
  const found = await mapLimit(chunk(names, PAGE_SIZE), 1, async (AlarmNames) => {
    const command = new DescribeAlarmsCommand({
      AlarmNames: [...AlarmNames],
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      MaxRecords: PAGE_SIZE,
    });
    return toDescribedAlarms(await cloudWatch.send(command, { abortSignal: signal }));
  });
  return found.flat();
}

function toDescribedAlarms({
  MetricAlarms = [],
  CompositeAlarms = [],
}: DescribeAlarmsCommandOutput): DescribedAlarm[] {
  return [
    ...MetricAlarms.map((alarm) => toDescribedAlarm(alarm, 'metric')),
    ...CompositeAlarms.map((alarm) => toDescribedAlarm(alarm, 'composite')),
  ];
}

function toDescribedAlarm(
  {
    AlarmName: name = '',
    AlarmArn: arn = '',
    AlarmDescription: description = '',
    ...alarm
  }: MetricAlarm | CompositeAlarm,
  kind: DescribedAlarm['kind'],
): DescribedAlarm {
  return { name, arn, kind, description, config: { ...alarm } };
}

/** Creates the alarm or replaces it. CloudWatch keeps the state of an existing alarm and ignores its new tags. */
export async function putAlarm(alarm: Alarm, signal: AbortSignal): Promise<void> {
  const Tags = toList(alarm.tags);
  const common = {
    AlarmName: alarm.name,
    AlarmDescription: alarm.description,
    ...(Tags.length > 0 && { Tags }),
  };
  // Copies: the SDK's types want mutable lists, and the domain's lists are read-only.
  const { AlarmActions, OKActions } = alarm.config;
  const actions = { AlarmActions: [...AlarmActions], OKActions: [...OKActions] };
  if (alarm.kind === 'composite') {
    const command = new PutCompositeAlarmCommand({ ...alarm.config, ...common, ...actions });
    await cloudWatchChanges.send(command, { abortSignal: signal });
    return;
  }
  const { Dimensions, Metrics } = structuredClone(alarm.config);
  const command = new PutMetricAlarmCommand({
    ...alarm.config,
    ...common,
    ...actions,
    Dimensions: Dimensions && [...Dimensions],
    Metrics: Metrics?.map(({ MetricStat, ...query }) => ({
      ...query,
      ...(MetricStat && {
        MetricStat: {
          ...MetricStat,
          Metric: { ...MetricStat.Metric, Dimensions: [...MetricStat.Metric.Dimensions] },
        },
      }),
    })),
  });
  await cloudWatchChanges.send(command, { abortSignal: signal });
}

/** Makes the alarm's tags equal to `tags`. */
export async function replaceTags(arn: string, tags: Tags, signal: AbortSignal): Promise<void> {
  const options = { abortSignal: signal };
  const { Tags: has = [] } = await cloudWatchChanges.send(
    new ListTagsForResourceCommand({ ResourceARN: arn }),
    options,
  );
  const stale = has.flatMap(({ Key = '' }) => (Key in tags || Key.startsWith('aws:') ? [] : [Key]));
  // Remove first: an alarm can have at most 50 tags.
  if (stale.length > 0)
    await cloudWatchChanges.send(new UntagResourceCommand({ ResourceARN: arn, TagKeys: stale }), options);
  const Tags = toList(tags);
  if (Tags.length > 0)
    await cloudWatchChanges.send(new TagResourceCommand({ ResourceARN: arn, Tags }), options);
}

/** Deletes the alarms that still exist. A name that no longer exists is not an error. */
export async function deleteAlarms(names: readonly string[], signal: AbortSignal): Promise<void> {
  const command = new DeleteAlarmsCommand({ AlarmNames: [...names] });
  await cloudWatchChanges.send(command, { abortSignal: signal }).catch((error) => {
    if (!hasName(error, 'ResourceNotFound', 'ResourceNotFoundException') || names.length > 1) throw error;
  });
}

function toList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
