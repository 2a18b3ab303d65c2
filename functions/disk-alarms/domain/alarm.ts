import { sha256 } from '#shared/hash.ts';
import { type AlarmMetadata, parseMetadata } from './alarm-metadata.ts';
import type { Tags } from './instance.ts';

// Members have CloudWatch's own names, so that alarms are sent, read and compared unchanged.

export interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

export type Statistic = 'Average' | 'Minimum' | 'Maximum' | 'SampleCount';

export interface MetricQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly Label?: string;
  readonly Period?: number;
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions: readonly Dimension[];
    };
    readonly Period: number;
    readonly Stat: string;
  };
  readonly ReturnData: boolean;
}

interface Actions {
  readonly ActionsEnabled: boolean;
  readonly AlarmActions: readonly string[];
  readonly OKActions: readonly string[];
}

export interface MetricAlarmConfig extends Actions {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Statistic?: Statistic;
  readonly Period?: number;
  readonly Metrics?: readonly MetricQuery[];
  readonly Threshold: number;
  readonly ComparisonOperator:
    | 'LessThanThreshold'
    | 'GreaterThanThreshold'
    | 'GreaterThanOrEqualToThreshold'
    | 'LessThanOrEqualToThreshold';
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly TreatMissingData: 'missing' | 'breaching' | 'notBreaching' | 'ignore';
}

interface CompositeAlarmConfig extends Actions {
  readonly AlarmRule: string;
  readonly ActionsSuppressor: string;
  readonly ActionsSuppressorWaitPeriod: number;
  readonly ActionsSuppressorExtensionPeriod: number;
}

/** An alarm in the desired state. */
export type Alarm = {
  readonly name: string;
  /** The instance id, or FLEET. */
  readonly owner: string;
  /** Text for people, followed by the metadata. */
  readonly description: string;
  readonly tags: Tags;
} & (
  | { readonly kind: 'metric'; readonly config: MetricAlarmConfig }
  | { readonly kind: 'composite'; readonly config: CompositeAlarmConfig }
);

/** An alarm as CloudWatch describes it; `config` holds all its other members. */
export interface DescribedAlarm {
  readonly name: string;
  readonly arn: string;
  readonly kind: 'metric' | 'composite';
  readonly description: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** An alarm that exists and has a name of ours. */
export interface ExistingAlarm extends DescribedAlarm {
  readonly owner: string;
  /** Without metadata the alarm is not ours, whatever its name is. */
  readonly metadata?: AlarmMetadata;
}

const diskPurposes = ['critical', 'warning', 'warning-notice', 'inodes', 'forecast'] as const;

/** The alarm's purpose, which is part of its name. */
export type AlarmPurpose = (typeof diskPurposes)[number] | 'silent';

/** Owner of the alarms for the whole fleet. */
export const FLEET = 'fleet';

const plainMount = /^[\p{L}\p{N}/:._ -]{1,100}$/u;

/**
 * A stable name: no threshold, size or device, because these change. A mount that is too long, or that the rule of a
 * composite alarm cannot quote, gets a hash.
 */
export function alarmName(prefix: string, owner: string, purpose: string, mount = ''): string {
  return [`${prefix}${owner}-${purpose}`, ...(mount === '' ? [] : [mountName(mount)])].join('-');
}

/** The names of all alarms that an instance with these mounts may have. */
export function possibleAlarmNames(prefix: string, instanceId: string, mounts: Iterable<string>): string[] {
  const ofDisks = [...mounts].flatMap((mount) =>
    diskPurposes.map((purpose) => alarmName(prefix, instanceId, purpose, mount)),
  );
  return [...ofDisks, alarmName(prefix, instanceId, 'silent')];
}

function mountName(mount: string): string {
  if (plainMount.test(mount)) return mount;
  const readable = mount.replace(/[^\w/:.-]+/g, '_').slice(0, 60);
  return `${readable}-${sha256(mount, 12)}`;
}

/** The alarms with names of ours. */
export function existingAlarms(prefix: string, described: readonly DescribedAlarm[]): ExistingAlarm[] {
  return described.flatMap((alarm) => {
    const owner = ownerOf(prefix, alarm.name);
    const metadata = parseMetadata(alarm.description);
    return owner === undefined ? [] : [{ ...alarm, owner, ...(metadata && { metadata }) }];
  });
}

/** @returns the owner in a name made by `alarmName`; undefined for other names */
export function ownerOf(prefix: string, name: string): string | undefined {
  if (!name.startsWith(prefix)) return undefined;
  return /^(i-[0-9a-f]{8,17}|fleet)-/.exec(name.slice(prefix.length))?.[1];
}
