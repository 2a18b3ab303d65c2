import type { Alarm, Existing, MetricConfig } from '../alarm.ts';
import { copiedTags } from '../alarm-metadata.ts';
import type { Candidate } from '../disk.ts';
import type { Instance } from '../instance.ts';
import { metricMembers } from '../plan.ts';
import { describeSilence } from './description.ts';
import { actionsOf, common, type Frame, noteFor } from './for-disk.ts';

/** Rings when a disk of the instance, that stands for its agent, tells nothing. */
export function silenceAlarm(frame: Frame, { profile, dimensions }: Candidate): Alarm {
  const { settings, instance } = frame;
  return {
    ...common(frame, 'silent', ''),
    description: describeSilence(instance, settings.silentMinutes, frame.runbookUrl) + noteFor(frame),
    kind: 'metric',
    config: {
      ...actionsOf(frame, true),
      ...armed(true),
      Namespace: profile.namespace,
      MetricName: profile.percent,
      Dimensions: dimensions,
      Statistic: 'SampleCount',
      // Minutes of its own: those of the disks' alarms may be hours.
      Period: 60,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      EvaluationPeriods: settings.silentMinutes,
      DatapointsToAlarm: settings.silentMinutes,
    },
  };
}

/** The alarm as it is, armed or not: nothing that is heard could say more. */
export function switched(before: Existing, { tags }: Instance, isArmed: boolean): Alarm {
  const members = metricMembers.flatMap((member) => {
    const value = before.config[member];
    return value === undefined ? [] : [[member, value] as const];
  });
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the members of a metric alarm, as CloudWatch told them
  const config = { ...Object.fromEntries(members), ...armed(isArmed) } as MetricConfig;
  const { name, owner, description } = before;
  return { name, owner, description, tags: copiedTags(tags), kind: 'metric', config };
}

function armed(isArmed: boolean) {
  return { ActionsEnabled: isArmed, TreatMissingData: isArmed ? 'breaching' : 'notBreaching' } as const;
}
