import { type Alarm, alarmName, type ExistingAlarm } from '../alarm.ts';
import type { Disk, Trend } from '../disk.ts';
import type { MetricCondition } from './condition.ts';
import {
  commonMembers,
  describeDisk,
  type InstanceAlarmOptions,
  metricConfig,
  tierOfDisk,
} from './for-disk.ts';

/** The trend must be this much slower before a forecast ends, so that it does not come and go. */
const SLOWER = 2;
/** An alarm that nothing sets off. */
const ENDED = 101;

/**
 * The alarm on a disk that is full soon. It exists only as long as the trend, so it costs nothing for other disks. It is
 * on while the disk is as full as it was at the forecast. When the trend ends, it first becomes OK, so that people and
 * pagers are notified, and the next run deletes it.
 */
export function forecastAlarms(
  options: InstanceAlarmOptions,
  disk: Disk,
  mine: readonly ExistingAlarm[],
): Alarm[] {
  const { forecastHours } = options.settings;
  if (forecastHours === 0) return [];
  const name = alarmName(options.prefix, options.instance.instanceId, 'forecast', disk.mount);
  const before = mine.find((alarm) => alarm.name === name && alarm.metadata !== undefined);
  const level = levelOf(options, disk, before);
  if (level === undefined) return [];
  return [
    {
      ...commonMembers(options, 'forecast', disk.mount),
      description: describeDisk(
        options,
        disk,
        `is full within ${forecastHours} hours at the pace of the past day.`,
      ),
      kind: 'metric',
      config: metricConfig(options, true, aboveCondition(options, disk, level)),
    },
  ];
}

/** @returns percent used above which the alarm is on; undefined if there is no alarm */
function levelOf(
  { settings }: InstanceAlarmOptions,
  disk: Disk,
  before: ExistingAlarm | undefined,
): number | undefined {
  const known = before && knownLevel(disk, before);
  const isOn = known !== undefined && known < ENDED;
  // Without readings nothing is known, so nothing changes.
  if (disk.trend === undefined) return known;
  const limit = settings.forecastHours * (isOn ? SLOWER : 1);
  if (disk.trend.hoursUntilFull > limit) return before?.config['StateValue'] === 'ALARM' ? ENDED : undefined;
  if (isOn) return known;
  return isCritical(settings, disk, disk.trend) ? known : Math.floor(disk.trend.used) - 1;
}

function knownLevel({ profile }: Disk, { config }: ExistingAlarm): number | undefined {
  const threshold = config['Threshold'];
  if (typeof threshold !== 'number') return undefined;
  return profile.percentIs === 'used' ? threshold : 100 - threshold;
}

/** The critical alarm of this disk is on already. */
function isCritical(settings: InstanceAlarmOptions['settings'], disk: Disk, { used }: Trend): boolean {
  return 100 - used < tierOfDisk(settings, disk).critical;
}

function aboveCondition({ settings }: InstanceAlarmOptions, disk: Disk, level: number): MetricCondition {
  const isUsed = disk.profile.percentIs === 'used';
  return {
    Namespace: disk.profile.namespace,
    MetricName: disk.profile.percent,
    Dimensions: disk.dimensions,
    Statistic: settings.statistic,
    Threshold: isUsed ? level : 100 - level,
    ComparisonOperator: isUsed ? 'GreaterThanThreshold' : 'LessThanThreshold',
  };
}
