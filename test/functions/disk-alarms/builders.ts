import type { Alarm, Existing } from '../../../functions/disk-alarms/domain/alarm.ts';
import { readNote } from '../../../functions/disk-alarms/domain/alarm-metadata.ts';
import type { Rules } from '../../../functions/disk-alarms/domain/desired/for-instance.ts';
import { findDisks, type Series } from '../../../functions/disk-alarms/domain/disk.ts';
import type { Instance } from '../../../functions/disk-alarms/domain/instance.ts';
import type { Facts } from '../../../functions/disk-alarms/domain/inventory.ts';
import { measure, type Reading } from '../../../functions/disk-alarms/domain/measurement.ts';
import { builtIn, type Profile, type Role } from '../../../functions/disk-alarms/domain/metric-profile.ts';
import { readers, type Settings } from '../../../functions/disk-alarms/domain/settings.ts';

export const NOW = Date.parse('2026-11-02T10:00:00Z');
export const ID = 'i-1234567890abcdef0';
export const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:default';
export const GB = 2 ** 30;
export const fileSystems = new Set(['ext4', 'xfs', 'ntfs']);

export const defaults: Settings = {
  tiers: readers.tiers('0:30/20 500:15/10'),
  floorGb: undefined,
  periodSeconds: 300,
  datapoints: { breaching: 2, of: 3 },
  statistic: 'Average',
  inodesPercent: 0,
  silentMinutes: 0,
};

export const rules: Rules = {
  prefix: 'groundcrew-disk-',
  quietWarnings: true,
  runbookUrl: undefined,
  defaults,
  scope: 'all',
  defaultTopicArn: TOPIC,
};

export function instance(more: Partial<Instance> = {}): Instance {
  return { instanceId: ID, state: 'running', launchedAt: NOW - 86_400_000, tags: {}, volumeIds: [], ...more };
}

export function series(metric: string, dimensions: Readonly<Record<string, string>>): Series {
  const list = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { namespace: 'CWAgent', metric, dimensions: list };
}

export function linux(path: string, more: Readonly<Record<string, string>> = {}): Series[] {
  const dimensions = { InstanceId: ID, path, device: 'nvme0n1p1', fstype: 'xfs', ...more };
  return ['disk_used_percent', 'disk_total', 'disk_free'].map((metric) => series(metric, dimensions));
}

/** What was read of every series, five minutes ago unless told. */
export function reading(value: number, at = NOW - 300_000): Reading {
  return { times: [at], values: [value] };
}

export interface Look {
  readonly instances?: readonly Instance[];
  readonly series?: readonly Series[];
  readonly profiles?: readonly Profile[];
  readonly readings?: Partial<Record<Role, Reading>>;
  readonly existing?: readonly Existing[];
  readonly volumes?: ReadonlyMap<string, number>;
}

export function facts(look: Look): Facts {
  const { instances = [instance()], existing = [] } = look;
  const found = findDisks(look.series ?? [], look.profiles ?? builtIn, fileSystems);
  const readings = new Map(Object.entries(look.readings ?? { total: reading(100 * GB) })) as Map<
    Role,
    Reading
  >;
  const candidates = [...found.disks.values()].flatMap((mounts) => [...mounts.values()].flat());
  return {
    instanceIds: instances.map(({ instanceId }) => instanceId),
    instances: new Map(instances.map((one) => [one.instanceId, one])),
    found,
    measured: new Map(candidates.map((one) => [one, measure(one, readings)])),
    volumes: look.volumes ?? new Map(),
    existing: Map.groupBy(existing, ({ owner }) => owner),
    now: NOW,
  };
}

/** The alarm as CloudWatch would tell of it. */
export function stored(alarm: Alarm, more: Partial<Existing> = {}): Existing {
  const { name, owner, kind, description } = alarm;
  const note = readNote(description);
  const config = { ...alarm.config, InsufficientDataActions: [], StateValue: 'OK' };
  const arn = `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:${name}`;
  return { name, arn, owner, kind, description, ...(note && { note }), config, ...more };
}
