import { type Alarm, alarmName, FLEET } from '../alarm.ts';
import { tagsDigest, writeNote } from '../alarm-metadata.ts';
import type { Found } from '../disk.ts';
import type { Profile } from '../metric-profile.ts';
import { type Levels, type Settings, tierOf } from '../settings.ts';

export interface FleetFrame {
  readonly prefix: string;
  readonly defaults: Settings;
  readonly topicArn: string;
  readonly runbookUrl: string | undefined;
}

/** Metrics Insights looks back three hours and no further. */
const LOOK_BACK_SECONDS = 10_800;
/** The file systems that a query leaves out by name; it knows no list of those that are wanted. */
const pseudo = ['devtmpfs', 'overlay', 'squashfs', 'tmpfs', 'vfat', 'iso9660', 'nfs', 'nfs4'];

/** Two alarms for all disks of each profile that the fleet reports by. */
export function fleetAlarms(frame: FleetFrame, found: Found): Alarm[] {
  const candidates = [...found.disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  const used = new Map(candidates.map(({ profile }) => [profile.name, profile]));
  return [...used.values()].flatMap((profile) =>
    (['warning', 'critical'] as const).map((severity) => fleetAlarm(frame, profile, severity)),
  );
}

function fleetAlarm(frame: FleetFrame, profile: Profile, severity: keyof Levels): Alarm {
  const { prefix, defaults, topicArn, runbookUrl } = frame;
  const percent = tierOf(defaults.tiers)[severity];
  const isFree = profile.percentIs === 'free';
  const period = Math.min(LOOK_BACK_SECONDS, Math.max(300, defaults.periodSeconds));
  const of = Math.max(1, Math.min(defaults.datapoints.of, Math.floor(LOOK_BACK_SECONDS / period)));
  const text = [
    `Disks of the fleet (${profile.name}) have less than ${percent} % free: ${severity}.`,
    'Which ones: aws cloudwatch describe-alarm-contributors --alarm-name <this alarm>.',
    ...(runbookUrl ? [`Runbook: ${runbookUrl}`] : []),
  ].join('\n');
  return {
    name: alarmName(prefix, FLEET, severity, profile.name),
    owner: FLEET,
    description: text + writeNote({ tags: tagsDigest({}), topicOfCall: false }),
    tags: {},
    kind: 'metric',
    config: {
      ActionsEnabled: true,
      AlarmActions: [topicArn],
      OKActions: [topicArn],
      Metrics: [{ Id: 'disks', Expression: queryOf(profile), Period: period, ReturnData: true }],
      Threshold: isFree ? percent : 100 - percent,
      ComparisonOperator: isFree ? 'LessThanThreshold' : 'GreaterThanThreshold',
      EvaluationPeriods: of,
      DatapointsToAlarm: Math.min(defaults.datapoints.breaching, of),
      TreatMissingData: 'missing',
    },
  };
}

/** The fullest first: of more than five hundred disks Metrics Insights returns the first ones. */
function queryOf({ namespace, percent, percentIs, mount, name }: Profile): string {
  const [statistic, order] = percentIs === 'free' ? ['MIN', 'ASC'] : ['MAX', 'DESC'];
  const isLinux = name === 'linux';
  const without = isLinux ? pseudo.map((one) => `fstype != '${one}'`) : [`${quote(mount)} != '_Total'`];
  return (
    `SELECT ${statistic}(${quote(percent)}) FROM ${quote(namespace)} WHERE ${without.join(' AND ')} ` +
    `GROUP BY InstanceId, ${quote(mount)} ORDER BY ${statistic}() ${order}`
  );
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
