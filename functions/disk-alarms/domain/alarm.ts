import { sha256 } from '#shared/hash.ts';
import type { Note } from './alarm-metadata.ts';

// The members of alarms are named as CloudWatch names them: they are sent, read and compared as they are.

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

export interface MetricConfig extends Actions {
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

export interface CompositeConfig extends Actions {
  readonly AlarmRule: string;
  readonly ActionsSuppressor: string;
  readonly ActionsSuppressorWaitPeriod: number;
  readonly ActionsSuppressorExtensionPeriod: number;
}

export type Tags = Readonly<Record<string, string>>;

/** An alarm as it should be. */
export type Alarm = {
  readonly name: string;
  /** The instance it watches, or FLEET. */
  readonly owner: string;
  /** What a person reads, with the note behind it. */
  readonly description: string;
  readonly tags: Tags;
} & (
  | { readonly kind: 'metric'; readonly config: MetricConfig }
  | { readonly kind: 'composite'; readonly config: CompositeConfig }
);

/** An alarm as CloudWatch has it; `config` holds whatever members it has. */
export interface Existing {
  readonly name: string;
  readonly arn: string;
  readonly owner: string;
  readonly kind: 'metric' | 'composite';
  readonly description: string;
  /** Without one it is not ours, whatever its name. */
  readonly note?: Note;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What each alarm is for; part of its name. */
export type Purpose = 'critical' | 'warning' | 'warning-notice' | 'inodes' | 'silent';

/** Owner of the alarms that watch the whole fleet. */
export const FLEET = 'fleet';

const plainMount = /^[\p{L}\p{N}/:._ -]{1,100}$/u;

/**
 * Stable for as long as the disk is: no threshold, no size, no device, which all change while the disk stays. A mount
 * that is long, or that a composite alarm's rule could not quote, is told apart by a hash.
 */
export function alarmName(prefix: string, owner: string, purpose: string, mount = ''): string {
  return [`${prefix}${owner}-${purpose}`, ...(mount === '' ? [] : [mountName(mount)])].join('-');
}

function mountName(mount: string): string {
  if (plainMount.test(mount)) return mount;
  const readable = mount.replace(/[^\w/:.-]+/g, '_').slice(0, 60);
  return `${readable}-${sha256(mount, 12)}`;
}

/** Whose alarm this name is; nothing for a name that is not made by `alarmName`. */
export function ownerOf(prefix: string, name: string): string | undefined {
  if (!name.startsWith(prefix)) return undefined;
  return /^(i-[0-9a-f]{8,17}|fleet)-/.exec(name.slice(prefix.length))?.[1];
}
