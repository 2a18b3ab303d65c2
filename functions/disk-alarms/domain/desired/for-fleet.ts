import { type Alarm, alarmName, FLEET } from '../alarm.ts';
import { formatMetadata, hashTags } from '../alarm-metadata.ts';
import type { DiscoveredDisks } from '../disk.ts';
import { type Settings, type Thresholds, tierOf } from '../settings.ts';
import { type FleetQuery, fleetQueries } from './fleet-query.ts';

export interface FleetAlarmOptions {
  readonly prefix: string;
  readonly defaults: Settings;
  readonly fileSystems: ReadonlySet<string>;
  readonly topicArn: string;
  readonly runbookUrl: string | undefined;
}

/** Metrics Insights reads at most the past three hours. */
const MAX_QUERY_SECONDS = 10_800;
const severities = ['warning', 'critical'] as const;

/** Two alarms for each profile in use, each covering all disks of the fleet. */
export function fleetAlarms(options: FleetAlarmOptions, found: DiscoveredDisks): Alarm[] {
  return fleetQueries(options, found).flatMap((query) =>
    severities.map((severity) => fleetAlarm(options, query, severity)),
  );
}

/** The number of metrics that the query of each fleet alarm analyses, by the alarm's name. AWS charges for each. */
export function analysedMetrics(
  options: Pick<FleetAlarmOptions, 'prefix' | 'fileSystems'>,
  found: DiscoveredDisks,
): ReadonlyMap<string, number> {
  return new Map(
    fleetQueries(options, found).flatMap(({ profile, analysed }) =>
      severities.map(
        (severity) => [alarmName(options.prefix, FLEET, severity, profile.name), analysed] as const,
      ),
    ),
  );
}

function fleetAlarm(
  options: FleetAlarmOptions,
  { profile, expression }: FleetQuery,
  severity: keyof Thresholds,
): Alarm {
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
      Metrics: [{ Id: 'disks', Expression: expression, Period: period, ReturnData: true }],
      Threshold: isFree ? percent : 100 - percent,
      ComparisonOperator: isFree ? 'LessThanThreshold' : 'GreaterThanThreshold',
      EvaluationPeriods: of,
      DatapointsToAlarm: Math.min(defaults.datapoints.breaching, of),
      TreatMissingData: 'missing',
    },
  };
}
