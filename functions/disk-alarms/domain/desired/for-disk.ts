import { type Alarm, type AlarmPurpose, alarmName, type MetricAlarmConfig, type Tags } from '../alarm.ts';
import { copiedTags, formatMetadata, hashTags } from '../alarm-metadata.ts';
import type { DiskSeries } from '../disk.ts';
import type { Instance } from '../instance.ts';
import { unitBytes } from '../metric-profile.ts';
import { type Settings, type Thresholds, tierOf } from '../settings.ts';
import { formatDiskDescription, formatThresholds } from './description.ts';

/** A disk with its size and volume, if known. */
export interface Disk extends DiskSeries {
  readonly sizeGb?: number;
  /** Only if it is certain. */
  readonly volumeId?: string;
  /** End of its newest reading in epoch milliseconds; -Infinity without one in the past hour. */
  readonly lastMetricAt: number;
}

/** What all alarms of one instance share. */
export interface InstanceAlarmOptions {
  readonly prefix: string;
  readonly instance: Instance;
  readonly settings: Settings;
  readonly topic: { readonly arn: string; readonly fromCall: boolean };
  /** The instance is in scope only because a direct call named it. */
  readonly scopeFromCall: boolean;
  /** Warnings notify through a composite alarm, which the critical alarm suppresses. */
  readonly suppressWarningsWhileCritical: boolean;
  readonly runbookUrl: string | undefined;
}

const GB = 2 ** 30;
/** How long the composite waits for the critical alarm, and stays suppressed after it ends. */
const SUPPRESSION_SECONDS = 60;

/** The alarms of one disk: warning, critical, the composite for the warning, and inodes if enabled. */
export function diskAlarms(options: InstanceAlarmOptions, disk: Disk): Alarm[] {
  const { settings, instance } = options;
  const tier = tierOf(settings.tiers, disk.sizeGb);
  const minimums = bindingMinimums(disk, tier, settings.minimumFreeGb);
  const thresholds = formatThresholds(tier, minimums);
  const describe = (what: string): string =>
    formatDiskDescription(instance, disk, what, { thresholds, runbookUrl: options.runbookUrl }) +
    metadataFor(options, disk);
  const of = (purpose: AlarmPurpose, what: string, notifies: boolean, reading: MetricCondition): Alarm => ({
    ...commonMembers(options, purpose, disk.mount),
    description: describe(what),
    kind: 'metric',
    config: metricConfig(options, notifies, reading),
  });
  const level = (severity: keyof Thresholds): MetricCondition =>
    freeSpaceCondition(options, disk, tier[severity], minimums[severity]);
  const inodes = inodeCondition(options, disk);
  return [
    of('critical', 'is nearly full.', true, level('critical')),
    of('warning', 'is filling up.', !options.suppressWarningsWhileCritical, level('warning')),
    ...(options.suppressWarningsWhileCritical
      ? [warningNotice(options, disk.mount, describe('is filling up.'))]
      : []),
    ...(inodes
      ? [of('inodes', `has less than ${settings.inodesPercent} % of its inodes free.`, true, inodes)]
      : []),
  ];
}

function warningNotice(options: InstanceAlarmOptions, mount: string, description: string): Alarm {
  const name = (purpose: AlarmPurpose): string =>
    alarmName(options.prefix, options.instance.instanceId, purpose, mount);
  return {
    ...commonMembers(options, 'warning-notice', mount),
    description,
    kind: 'composite',
    config: {
      ...actionsOf(options, true),
      AlarmRule: `ALARM("${name('warning')}")`,
      ActionsSuppressor: name('critical'),
      ActionsSuppressorWaitPeriod: SUPPRESSION_SECONDS,
      ActionsSuppressorExtensionPeriod: SUPPRESSION_SECONDS,
    },
  };
}

type MetricCondition = Pick<MetricAlarmConfig, 'Threshold' | 'ComparisonOperator'> &
  Partial<MetricAlarmConfig>;

/** Uses the metric as it is sent, used or free: on ext file systems they do not add up to 100 %. */
function freeSpaceCondition(
  { settings }: InstanceAlarmOptions,
  disk: Disk,
  percent: number,
  minimumFreeGb: number | undefined,
): MetricCondition {
  const { profile, dimensions } = disk;
  const metric = (MetricName: string) => ({
    Namespace: profile.namespace,
    MetricName,
    Dimensions: dimensions,
  });
  if (minimumFreeGb !== undefined && profile.free !== undefined) {
    const Threshold = (minimumFreeGb * GB) / unitBytes(profile);
    const { statistic: Statistic } = settings;
    return { ...metric(profile.free), Statistic, Threshold, ComparisonOperator: 'LessThanThreshold' };
  }
  if (profile.percentIs === 'free') {
    const { statistic: Statistic } = settings;
    return {
      ...metric(profile.percent),
      Statistic,
      Threshold: percent,
      ComparisonOperator: 'LessThanThreshold',
    };
  }
  const Statistic = ofUsed[settings.statistic];
  const Threshold = 100 - percent;
  return { ...metric(profile.percent), Statistic, Threshold, ComparisonOperator: 'GreaterThanThreshold' };
}

/** The minimum of free space is the maximum of used space. */
const ofUsed = { Average: 'Average', Minimum: 'Maximum', Maximum: 'Minimum' } as const;

/** A minimum applies if it is less than the tier's percentage of the disk; then only the minimum matters. */
function bindingMinimums(disk: Disk, tier: Thresholds, floor: Thresholds | undefined): Partial<Thresholds> {
  const { sizeGb } = disk;
  if (!floor || sizeGb === undefined || !disk.roles.has('free')) return {};
  const binds = (severity: keyof Thresholds): boolean => floor[severity] < (sizeGb * tier[severity]) / 100;
  return {
    ...(binds('warning') && { warning: floor.warning }),
    ...(binds('critical') && { critical: floor.critical }),
  };
}

function inodeCondition(
  { settings }: InstanceAlarmOptions,
  { profile, roles, dimensions }: Disk,
): MetricCondition | undefined {
  const { inodesFree, inodesTotal, namespace } = profile;
  if (settings.inodesPercent === 0 || !roles.has('inodesFree') || !roles.has('inodesTotal')) return undefined;
  if (inodesFree === undefined || inodesTotal === undefined) return undefined;
  const query = (Id: string, MetricName: string) => ({
    Id,
    MetricStat: {
      Metric: { Namespace: namespace, MetricName, Dimensions: dimensions },
      Period: settings.periodSeconds,
      Stat: settings.statistic,
    },
    ReturnData: false,
  });
  return {
    Metrics: [
      query('free', inodesFree),
      { Id: 'percent', Expression: '100 * free / total', Label: '% of inodes free', ReturnData: true },
      query('total', inodesTotal),
    ],
    Threshold: settings.inodesPercent,
    ComparisonOperator: 'LessThanThreshold',
  };
}

function metricConfig(
  options: InstanceAlarmOptions,
  notifies: boolean,
  reading: MetricCondition,
): MetricAlarmConfig {
  const { periodSeconds, datapoints } = options.settings;
  return {
    ...actionsOf(options, notifies),
    ...reading,
    ...(reading.Metrics === undefined && { Period: periodSeconds }),
    EvaluationPeriods: datapoints.of,
    DatapointsToAlarm: datapoints.breaching,
    // A stopped instance does not mean a full disk, and a silent agent has its own alarm.
    TreatMissingData: 'missing',
  };
}

export function actionsOf({ topic }: InstanceAlarmOptions, notifies: boolean) {
  const actions = notifies ? [topic.arn] : [];
  return { ActionsEnabled: true, AlarmActions: actions, OKActions: actions };
}

export function commonMembers(
  { prefix, instance }: InstanceAlarmOptions,
  purpose: AlarmPurpose,
  mount: string,
) {
  const { instanceId: owner } = instance;
  const tags: Tags = copiedTags(instance.tags);
  return { name: alarmName(prefix, owner, purpose, mount), owner, tags };
}

export function metadataFor({ instance, topic, scopeFromCall }: InstanceAlarmOptions, disk?: Disk): string {
  return formatMetadata({
    ...(disk?.sizeGb !== undefined && { sizeGb: disk.sizeGb }),
    tags: hashTags(copiedTags(instance.tags)),
    topicFromCall: topic.fromCall,
    scopeFromCall,
  });
}
