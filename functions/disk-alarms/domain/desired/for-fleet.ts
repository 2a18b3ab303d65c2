import { type Alarm, alarmName, FLEET } from '../alarm.ts';
import { formatMetadata, hashTags } from '../alarm-metadata.ts';
import type { DiscoveredDisks } from '../disk.ts';
import type { MetricProfile } from '../metric-profile.ts';
import { type Settings, type Thresholds, tierOf } from '../settings.ts';

export interface FleetAlarmOptions {
  readonly prefix: string;
  readonly defaults: Settings;
  readonly topicArn: string;
  readonly runbookUrl: string | undefined;
}

/** Metrics Insights reads at most the past three hours. */
const MAX_QUERY_SECONDS = 10_800;
/** File systems that a query excludes by name, because Metrics Insights cannot match a list of wanted ones. */
const pseudoFileSystems = ['devtmpfs', 'overlay', 'squashfs', 'tmpfs', 'vfat', 'iso9660', 'nfs', 'nfs4'];

const severities = ['warning', 'critical'] as const;

/** Two alarms for each profile in use, each covering all disks of the fleet. */
export function fleetAlarms(options: FleetAlarmOptions, found: DiscoveredDisks): Alarm[] {
  const candidates = [...found.disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  const used = new Map(candidates.map(({ profile }) => [profile.name, profile]));
  return [...used.values()].flatMap((profile) =>
    severities.map((severity) => fleetAlarm(options, profile, severity)),
  );
}

/** The number of metrics that the query of each fleet alarm analyses, by the alarm's name. AWS charges for each. */
export function analysedMetrics(prefix: string, found: DiscoveredDisks): ReadonlyMap<string, number> {
  const candidates = [...found.disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  const byProfile = Map.groupBy(candidates, ({ profile }) => profile.name);
  return new Map(
    [...byProfile].flatMap(([profile, some]) =>
      severities.map((severity) => [alarmName(prefix, FLEET, severity, profile), some.length] as const),
    ),
  );
}

function fleetAlarm(options: FleetAlarmOptions, profile: MetricProfile, severity: keyof Thresholds): Alarm {
  const { prefix, defaults, topicArn, runbookUrl } = options;
  const percent = tierOf(defaults.tiers)[severity];
  const isFree = profile.percentIs === 'free';
  const period = Math.min(MAX_QUERY_SECONDS, Math.max(300, defaults.periodSeconds));
  const of = Math.max(1, Math.min(defaults.datapoints.of, Math.floor(MAX_QUERY_SECONDS / period)));
  const text = [
    `Disks of the fleet (${profile.name}) have less than ${percent} % free: ${severity}.`,
    'Which ones: aws cloudwatch describe-alarm-contributors --alarm-name <this alarm>.',
    ...(runbookUrl ? [`Runbook: ${runbookUrl}`] : []),
  ].join('\n');
  return {
    name: alarmName(prefix, FLEET, severity, profile.name),
    owner: FLEET,
    description: text + formatMetadata({ tags: hashTags({}), topicFromCall: false, scopeFromCall: false }),
    tags: {},
    kind: 'metric',
    config: {
      ActionsEnabled: true,
      AlarmActions: [topicArn],
      OKActions: [],
      Metrics: [{ Id: 'disks', Expression: insightsQuery(profile), Period: period, ReturnData: true }],
      Threshold: isFree ? percent : 100 - percent,
      ComparisonOperator: isFree ? 'LessThanThreshold' : 'GreaterThanThreshold',
      EvaluationPeriods: of,
      DatapointsToAlarm: Math.min(defaults.datapoints.breaching, of),
      TreatMissingData: 'missing',
    },
  };
}

/** Fullest first, because Metrics Insights returns at most 500 series. */
function insightsQuery({ namespace, percent, percentIs, mount, name }: MetricProfile): string {
  const [statistic, order] = percentIs === 'free' ? ['MIN', 'ASC'] : ['MAX', 'DESC'];
  const isLinux = name === 'linux';
  const without = isLinux
    ? pseudoFileSystems.map((one) => `fstype != '${one}'`)
    : [`${quote(mount)} != '_Total'`];
  return (
    `SELECT ${statistic}(${quote(percent)}) FROM ${quote(namespace)} WHERE ${without.join(' AND ')} ` +
    `GROUP BY InstanceId, ${quote(mount)} ORDER BY ${statistic}() ${order}`
  );
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
