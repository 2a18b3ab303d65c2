import { type Alarm, alarmName, type MetricConfig, type Purpose, type Tags } from '../alarm.ts';
import { copiedTags, tagsDigest, writeNote } from '../alarm-metadata.ts';
import type { Candidate } from '../disk.ts';
import type { Instance } from '../instance.ts';
import { unitBytes } from '../metric-profile.ts';
import { type Levels, type Settings, tierOf } from '../settings.ts';
import { describeDisk, describeThresholds } from './description.ts';

/** A disk with all that is known of it. */
export interface Disk extends Candidate {
  readonly sizeGb?: number;
  /** Only when there is no doubt. */
  readonly volumeId?: string;
  /** Until when it told of itself, epoch milliseconds; -Infinity when not within the last hour. */
  readonly heardAt: number;
}

/** What the alarms of one instance have in common. */
export interface Frame {
  readonly prefix: string;
  readonly instance: Instance;
  readonly settings: Settings;
  readonly topic: { readonly arn: string; readonly ofCall: boolean };
  /** Warnings ring through a composite alarm that the critical one silences. */
  readonly quietWarnings: boolean;
  readonly runbookUrl: string | undefined;
}

const GB = 2 ** 30;
/** How long a warning waits for its critical alarm, and stays silent when that one ends: a minute each. */
const SUPPRESSION_SECONDS = 60;

/** The alarms of one disk: warning and critical, the notice that keeps the warning quiet, inodes when asked for. */
export function diskAlarms(frame: Frame, disk: Disk): Alarm[] {
  const { settings, instance } = frame;
  const tier = tierOf(settings.tiers, disk.sizeGb);
  const floors = bindingFloors(disk, tier, settings.floorGb);
  const thresholds = describeThresholds(tier, floors);
  const describe = (what: string): string =>
    describeDisk(instance, disk, what, { thresholds, runbookUrl: frame.runbookUrl }) + noteFor(frame, disk);
  const of = (purpose: Purpose, what: string, rings: boolean, reading: Reading): Alarm => ({
    ...common(frame, purpose, disk.mount),
    description: describe(what),
    kind: 'metric',
    config: metricConfig(frame, rings, reading),
  });
  const level = (severity: keyof Levels): Reading => freeSpace(frame, disk, tier[severity], floors[severity]);
  const inodes = inodeReading(frame, disk);
  return [
    of('critical', 'is nearly full.', true, level('critical')),
    of('warning', 'is filling up.', !frame.quietWarnings, level('warning')),
    ...(frame.quietWarnings ? [warningNotice(frame, disk.mount, describe('is filling up.'))] : []),
    ...(inodes
      ? [of('inodes', `has less than ${settings.inodesPercent} % of its inodes free.`, true, inodes)]
      : []),
  ];
}

function warningNotice(frame: Frame, mount: string, description: string): Alarm {
  const name = (purpose: Purpose): string =>
    alarmName(frame.prefix, frame.instance.instanceId, purpose, mount);
  return {
    ...common(frame, 'warning-notice', mount),
    description,
    kind: 'composite',
    config: {
      ...actionsOf(frame, true),
      AlarmRule: `ALARM("${name('warning')}")`,
      ActionsSuppressor: name('critical'),
      ActionsSuppressorWaitPeriod: SUPPRESSION_SECONDS,
      ActionsSuppressorExtensionPeriod: SUPPRESSION_SECONDS,
    },
  };
}

type Reading = Pick<MetricConfig, 'Threshold' | 'ComparisonOperator'> & Partial<MetricConfig>;

/** Free space is compared the way the metric goes: on ext file systems used and free do not add up to all. */
function freeSpace({ settings }: Frame, disk: Disk, percent: number, floorGb: number | undefined): Reading {
  const { profile, dimensions } = disk;
  const metric = (MetricName: string) => ({
    Namespace: profile.namespace,
    MetricName,
    Dimensions: dimensions,
  });
  if (floorGb !== undefined && profile.free !== undefined) {
    const Threshold = (floorGb * GB) / unitBytes(profile);
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

/** The least free is the most used. */
const ofUsed = { Average: 'Average', Minimum: 'Maximum', Maximum: 'Minimum' } as const;

/** A floor holds where it is less than the tier's share: an alarm on the share and the floor is one on the floor. */
function bindingFloors(disk: Disk, tier: Levels, floor: Levels | undefined): Partial<Levels> {
  const { sizeGb } = disk;
  if (!floor || sizeGb === undefined || !disk.roles.has('free')) return {};
  const binds = (severity: keyof Levels): boolean => floor[severity] < (sizeGb * tier[severity]) / 100;
  return {
    ...(binds('warning') && { warning: floor.warning }),
    ...(binds('critical') && { critical: floor.critical }),
  };
}

function inodeReading({ settings }: Frame, { profile, roles, dimensions }: Disk): Reading | undefined {
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

function metricConfig(frame: Frame, rings: boolean, reading: Reading): MetricConfig {
  const { periodSeconds, datapoints } = frame.settings;
  return {
    ...actionsOf(frame, rings),
    ...reading,
    ...(reading.Metrics === undefined && { Period: periodSeconds }),
    EvaluationPeriods: datapoints.of,
    DatapointsToAlarm: datapoints.breaching,
    // A stopped instance is no full disk, and a dead agent is told of by an alarm of its own.
    TreatMissingData: 'missing',
  };
}

export function actionsOf({ topic }: Frame, rings: boolean) {
  const actions = rings ? [topic.arn] : [];
  return { ActionsEnabled: true, AlarmActions: actions, OKActions: actions };
}

export function common({ prefix, instance }: Frame, purpose: Purpose, mount: string) {
  const { instanceId: owner } = instance;
  const tags: Tags = copiedTags(instance.tags);
  return { name: alarmName(prefix, owner, purpose, mount), owner, tags };
}

export function noteFor({ instance, topic }: Frame, disk?: Disk): string {
  return writeNote({
    ...(disk?.sizeGb !== undefined && { sizeGb: disk.sizeGb }),
    tags: tagsDigest(copiedTags(instance.tags)),
    topicOfCall: topic.ofCall,
  });
}
