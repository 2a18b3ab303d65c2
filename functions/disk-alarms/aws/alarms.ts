import {
  type CompositeAlarm,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  type MetricAlarm,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { paginate } from '#shared/aws/pages.ts';
import { hasName } from '#shared/errors.ts';
import { type Alarm, type Existing, ownerOf, type Tags } from '../domain/alarm.ts';
import { readNote } from '../domain/alarm-metadata.ts';
import { cloudWatch } from './cloudwatch.ts';

/** DescribeAlarms answers at most a hundred. */
const PAGE = 100;

/** Alarms of either kind whose names begin with the prefix and this owner, or with the prefix and any. */
export function listAlarms(prefix: string, owner: string, signal: AbortSignal): Promise<Existing[]> {
  return paginate<Existing, string>(async (next) => {
    const command = new DescribeAlarmsCommand({
      AlarmNamePrefix: `${prefix}${owner}${owner && '-'}`,
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      MaxRecords: PAGE,
      ...(next && { NextToken: next }),
    });
    const {
      MetricAlarms = [],
      CompositeAlarms = [],
      NextToken,
    } = await cloudWatch.send(command, { abortSignal: signal });
    const items = [
      ...MetricAlarms.flatMap((alarm) => toExisting(alarm, 'metric', prefix)),
      ...CompositeAlarms.flatMap((alarm) => toExisting(alarm, 'composite', prefix)),
    ];
    return { items, next: NextToken };
  });
}

function toExisting(
  {
    AlarmName: name = '',
    AlarmArn: arn = '',
    AlarmDescription: description = '',
    ...alarm
  }: MetricAlarm | CompositeAlarm,
  kind: Existing['kind'],
  prefix: string,
): Existing[] {
  const owner = ownerOf(prefix, name);
  const note = readNote(description);
  return owner === undefined
    ? []
    : [{ name, arn, owner, kind, description, ...(note && { note }), config: { ...alarm } }];
}

/** Creates the alarm, or overwrites all of it but its state and its tags, which CloudWatch then ignores. */
export async function putAlarm(alarm: Alarm, signal: AbortSignal): Promise<void> {
  const Tags = toList(alarm.tags);
  const common = {
    AlarmName: alarm.name,
    AlarmDescription: alarm.description,
    ...(Tags.length > 0 && { Tags }),
  };
  // The lists of the domain are not to be changed; the SDK's types do not say that it does not.
  const { AlarmActions, OKActions } = alarm.config;
  const actions = { AlarmActions: [...AlarmActions], OKActions: [...OKActions] };
  if (alarm.kind === 'composite') {
    const command = new PutCompositeAlarmCommand({ ...alarm.config, ...common, ...actions });
    await cloudWatch.send(command, { abortSignal: signal });
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
  await cloudWatch.send(command, { abortSignal: signal });
}

/** Makes the alarm's tags those that it should have. */
export async function retag(arn: string, tags: Tags, signal: AbortSignal): Promise<void> {
  const options = { abortSignal: signal };
  const { Tags: has = [] } = await cloudWatch.send(
    new ListTagsForResourceCommand({ ResourceARN: arn }),
    options,
  );
  const stale = has.flatMap(({ Key = '' }) => (Key in tags || Key.startsWith('aws:') ? [] : [Key]));
  // First, since an alarm has room for fifty.
  if (stale.length > 0)
    await cloudWatch.send(new UntagResourceCommand({ ResourceARN: arn, TagKeys: stale }), options);
  const Tags = toList(tags);
  if (Tags.length > 0) await cloudWatch.send(new TagResourceCommand({ ResourceARN: arn, Tags }), options);
}

/** Deletes what there is of these; names that are not there any more do no harm. */
export async function deleteAlarms(names: readonly string[], signal: AbortSignal): Promise<void> {
  const command = new DeleteAlarmsCommand({ AlarmNames: [...names] });
  await cloudWatch.send(command, { abortSignal: signal }).catch((error) => {
    if (!hasName(error, 'ResourceNotFound', 'ResourceNotFoundException') || names.length > 1) throw error;
  });
}

function toList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
