import type { Alarm, ExistingAlarm, MetricAlarmConfig } from '../alarm.ts';
import { copiedTags } from '../alarm-metadata.ts';
import type { DiskSeries } from '../disk.ts';
import type { Instance } from '../instance.ts';
import { metricMembers } from '../plan.ts';
import { formatSilentAgentDescription } from './description.ts';
import { actionsOf, commonMembers, type InstanceAlarmOptions, metadataFor } from './for-disk.ts';

/** Alarms when one disk, which stands for the agent, sends no metrics. */
export function silentAgentAlarm(options: InstanceAlarmOptions, { profile, dimensions }: DiskSeries): Alarm {
  const { settings, instance } = options;
  return {
    ...commonMembers(options, 'silent', ''),
    description:
      formatSilentAgentDescription(instance, settings.silentMinutes, options.runbookUrl) +
      metadataFor(options),
    kind: 'metric',
    config: {
      ...actionsOf(options, true),
      ...actionsEnabled(true),
      Namespace: profile.namespace,
      MetricName: profile.percent,
      Dimensions: dimensions,
      Statistic: 'SampleCount',
      // One minute: the period of the disks' alarms may be hours.
      Period: 60,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      EvaluationPeriods: settings.silentMinutes,
      DatapointsToAlarm: settings.silentMinutes,
    },
  };
}

/** The existing alarm with its actions enabled or disabled and nothing else changed. */
export function withActionsEnabled(before: ExistingAlarm, { tags }: Instance, isArmed: boolean): Alarm {
  const members = metricMembers.flatMap((member) => {
    const value = before.config[member];
    return value === undefined ? [] : [[member, value] as const];
  });
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the members of a metric alarm, as CloudWatch returned them
  const config = { ...Object.fromEntries(members), ...actionsEnabled(isArmed) } as MetricAlarmConfig;
  const { name, owner, description } = before;
  return { name, owner, description, tags: copiedTags(tags), kind: 'metric', config };
}

function actionsEnabled(isArmed: boolean) {
  return { ActionsEnabled: isArmed, TreatMissingData: isArmed ? 'breaching' : 'notBreaching' } as const;
}
