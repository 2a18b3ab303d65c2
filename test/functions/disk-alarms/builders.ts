import type { Alarm, ExistingAlarm } from '../../../functions/disk-alarms/domain/alarm.ts';
import { parseMetadata } from '../../../functions/disk-alarms/domain/alarm-metadata.ts';
import type { DesiredAlarmsOptions } from '../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { type DiskRules, findDisks, type MetricSeries } from '../../../functions/disk-alarms/domain/disk.ts';
import type { Instance } from '../../../functions/disk-alarms/domain/instance.ts';
import type { Inventory } from '../../../functions/disk-alarms/domain/inventory.ts';
import { type MetricReading, measure } from '../../../functions/disk-alarms/domain/measurement.ts';
import { builtInProfiles, type MetricRole } from '../../../functions/disk-alarms/domain/metric-profile.ts';
import { type Settings, settingParsers } from '../../../functions/disk-alarms/domain/settings.ts';

export const NOW = Date.parse('2026-11-02T10:00:00Z');
export const ID = 'i-1234567890abcdef0';
export const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:default';
export const GB = 2 ** 30;
const fileSystems = new Set(['ext4', 'xfs', 'ntfs']);

export const diskRules = { profiles: builtInProfiles, fileSystems, ignoreMounts: [] };

export const defaults: Settings = {
  tiers: settingParsers.tiers('0:30/20 500:15/10'),
  minimumFreeGb: undefined,
  periodSeconds: 300,
  datapoints: { breaching: 2, of: 3 },
  warningAlarm: 'between',
  statistic: 'Average',
  inodesPercent: 0,
  silentMinutes: 0,
  forecastHours: 0,
};

export const rules: DesiredAlarmsOptions = {
  prefix: 'groundcrew-disk-',
  runbookUrl: undefined,
  defaults,
  scope: 'all',
  isNamed: false,
  defaultTopicArn: TOPIC,
};

/** Settings with which a disk has a composite alarm, too. */
export const compositeRules: DesiredAlarmsOptions = {
  ...rules,
  defaults: { ...defaults, warningAlarm: 'composite' },
};

const ec2Facts = { instanceType: 'm5.large', rootDevice: '/dev/xvda', volumes: [] };

export function instance(more: Partial<Instance> = {}): Instance {
  return { instanceId: ID, state: 'running', launchedAt: NOW - 86_400_000, tags: {}, ...ec2Facts, ...more };
}

export function series(metric: string, dimensions: Readonly<Record<string, string>>): MetricSeries {
  const list = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { namespace: 'CWAgent', metric, dimensions: list };
}

export function linux(path: string, more: Readonly<Record<string, string>> = {}): MetricSeries[] {
  const dimensions = { InstanceId: ID, path, device: 'nvme0n1p1', fstype: 'xfs', ...more };
  return ['disk_used_percent', 'disk_total', 'disk_free'].map((metric) => series(metric, dimensions));
}

/** What was read of every series, five minutes ago unless told. */
export function reading(value: number, at = NOW - 300_000): MetricReading {
  return { times: [at], values: [value] };
}

export interface Look {
  readonly instances?: readonly Instance[];
  readonly series?: readonly MetricSeries[];
  readonly rules?: Partial<DiskRules>;
  readonly readings?: Partial<Record<MetricRole, MetricReading>>;
  readonly existing?: readonly ExistingAlarm[];
  readonly history?: Inventory['history'];
  readonly volumes?: ReadonlyMap<string, number>;
  readonly unusableTopics?: ReadonlyMap<string, string>;
}

export function inventory(look: Look): Inventory {
  const { instances = [instance()], existing = [] } = look;
  const discovered = findDisks(look.series ?? [], { ...diskRules, ...look.rules });
  const readings = new Map(Object.entries(look.readings ?? { total: reading(100 * GB) })) as Map<
    MetricRole,
    MetricReading
  >;
  const candidates = [...discovered.disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  return {
    instanceIds: instances.map(({ instanceId }) => instanceId),
    instances: new Map(instances.map((one) => [one.instanceId, one])),
    discovered,
    measurements: new Map(candidates.map((one) => [one, measure(one, readings)])),
    volumeFacts: { volumes: look.volumes ?? new Map(), ebsOnlyTypes: new Set(['m5.large']) },
    unusableTopics: look.unusableTopics ?? new Map(),
    unread: [],
    history: look.history ?? new Map(),
    alarmsByOwner: Map.groupBy(existing, ({ owner }) => owner),
    now: NOW,
  };
}

/** The alarm as CloudWatch would tell of it. */
export function stored(alarm: Alarm, more: Partial<ExistingAlarm> = {}): ExistingAlarm {
  const { name, owner, kind, description } = alarm;
  const metadata = parseMetadata(description);
  const config = { ...alarm.config, InsufficientDataActions: [], StateValue: 'OK' };
  const arn = `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:${name}`;
  return { name, arn, owner, kind, description, ...(metadata && { metadata }), config, ...more };
}
