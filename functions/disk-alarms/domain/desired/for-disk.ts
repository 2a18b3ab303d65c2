import { type Alarm, type AlarmPurpose, alarmName, type MetricAlarmConfig } from '../alarm.ts';
import { copiedTags, formatMetadata, hashTags } from '../alarm-metadata.ts';
import type { Disk } from '../disk.ts';
import type { Instance, Tags } from '../instance.ts';
import { type Settings, type Thresholds, type ThresholdTier, tierOf, tierOfAll } from '../settings.ts';
import type { ChosenTopic } from '../topic.ts';
import { belowCondition, betweenCondition, inodeCondition, type MetricCondition } from './condition.ts';
import { formatDiskDescription, formatThresholds } from './description.ts';

/** What all alarms of one instance share. */
export interface InstanceAlarmOptions {
  readonly prefix: string;
  readonly instance: Instance;
  readonly settings: Settings;
  readonly topic: ChosenTopic;
  /** The instance is in scope only because a direct call named it. */
  readonly scopeFromCall: boolean;
  /** When the call was made that its alarms remember. */
  readonly calledAt: number | undefined;
  readonly runbookUrl: string | undefined;
}

/** How long the composite waits for the critical alarm, and stays suppressed after it ends. */
const SUPPRESSION_SECONDS = 60;

/** The alarms of one disk: critical, warning, and, if the settings say so, the warning's composite and inodes. */
export function diskAlarms(options: InstanceAlarmOptions, disk: Disk): Alarm[] {
  const { settings } = options;
  const tier = tierOfDisk(settings, disk);
  const minimums = bindingMinimums(disk, tier, settings.minimumFreeGb);
  const describe = (what: string): string => describeDisk(options, disk, what);
  const of = (purpose: AlarmPurpose, what: string, notifies: boolean, reading: MetricCondition): Alarm => ({
    ...commonMembers(options, purpose, disk.mount),
    description: describe(what),
    kind: 'metric',
    config: metricConfig(options, notifies, reading),
  });
  const below = (severity: keyof Thresholds): MetricCondition =>
    belowCondition(settings, disk, tier[severity], minimums[severity]);
  const isBetween = settings.warningAlarm === 'between';
  const isComposite = settings.warningAlarm === 'composite';
  const warning = isBetween ? betweenCondition(settings, disk, tier, minimums) : below('warning');
  const inodes = inodeCondition(settings, disk);
  return [
    of('critical', 'is nearly full.', true, below('critical')),
    of('warning', 'is filling up.', !isComposite, warning),
    ...(isComposite ? [warningNotice(options, disk.mount, describe('is filling up.'))] : []),
    ...(inodes
      ? [of('inodes', `has less than ${settings.inodesPercent} % of its inodes free.`, true, inodes)]
      : []),
  ];
}

/** The description of one alarm of a disk, with its metadata. */
export function describeDisk(options: InstanceAlarmOptions, disk: Disk, what: string): string {
  const { settings, instance, runbookUrl } = options;
  const tier = tierOfDisk(settings, disk);
  const thresholds = formatThresholds(tier, bindingMinimums(disk, tier, settings.minimumFreeGb));
  return formatDiskDescription(instance, disk, what, { thresholds, runbookUrl }) + metadataFor(options, disk);
}

/** If the tier is uncertain, the first applies. */
export function tierOfDisk(settings: Settings, disk: Disk): ThresholdTier {
  return certainTier(settings, disk) ?? tierOf(settings.tiers);
}

function certainTier({ tiers }: Settings, { sizeGb, possibleGb = [] }: Disk): ThresholdTier | undefined {
  return tierOfAll(tiers, sizeGb === undefined ? possibleGb : [sizeGb]);
}

/** Whether the disk's size is unknown and another size could mean other thresholds. */
export function isSizeNeeded({ settings }: InstanceAlarmOptions, disk: Disk): boolean {
  if (disk.sizeGb !== undefined) return false;
  return settings.minimumFreeGb !== undefined || certainTier(settings, disk) === undefined;
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

/** A minimum applies if it is less than the tier's percentage of the disk; then only the minimum matters. */
function bindingMinimums(disk: Disk, tier: Thresholds, floor: Thresholds | undefined): Partial<Thresholds> {
  const { sizeGb } = disk;
  if (!floor || sizeGb === undefined || !disk.roles.has('free')) return {};
  const isBinding = (severity: keyof Thresholds): boolean =>
    floor[severity] < (sizeGb * tier[severity]) / 100;
  return {
    ...(isBinding('warning') && { warning: floor.warning }),
    ...(isBinding('critical') && { critical: floor.critical }),
  };
}

export function metricConfig(
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
  // No OK actions: CloudWatch also runs them for every new alarm and every start. See notify-recoveries.ts.
  return { ActionsEnabled: true, AlarmActions: notifies ? [topic.arn] : [], OKActions: [] };
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

export function metadataFor(options: InstanceAlarmOptions, disk?: Disk): string {
  const { instance, topic, scopeFromCall, calledAt } = options;
  return formatMetadata({
    ...(disk?.sizeGb !== undefined && { sizeGb: disk.sizeGb }),
    tags: hashTags(copiedTags(instance.tags)),
    topicFromCall: topic.fromCall,
    scopeFromCall,
    ...(calledAt !== undefined && { calledAt }),
  });
}
