import type { Alarm, ExistingAlarm } from './alarm.ts';
import { parseMetadata } from './alarm-metadata.ts';
import type { SkippedItem } from './disk.ts';

/** The alarms that one owner (an instance or the fleet) should have. */
export interface DesiredState {
  readonly owner: string;
  readonly alarms: readonly Alarm[];
  /** Whether other alarms of this owner may be deleted: the instance is gone, or its agent still sends other disks. */
  readonly mayDelete: boolean;
  /** Names of alarms that stay unchanged. */
  readonly keep?: readonly string[];
}

export interface AlarmUpdate {
  readonly alarm: Alarm;
  readonly before: ExistingAlarm;
  /** Members that differ, with the old and the new value. */
  readonly changed: readonly string[];
}

/** The smallest set of changes, each list sorted by name. */
export interface Plan {
  readonly create: readonly Alarm[];
  readonly update: readonly AlarmUpdate[];
  readonly unchanged: readonly string[];
  readonly delete: readonly ExistingAlarm[];
  readonly skipped: readonly SkippedItem[];
}

/** The changes that were made, and those that were not. */
export interface ApplyResult {
  created: number;
  updated: number;
  deleted: number;
  /** Changes not made yet: time ran out, CloudWatch throttled, or a direct call came first. Another run makes them. */
  pending: number;
  readonly refused: { readonly name: string; readonly reason: string }[];
}

/** Compares desired and existing alarms. Ignores alarms of owners without a desired state. */
export function planChanges(
  desiredStates: readonly DesiredState[],
  existing: readonly ExistingAlarm[],
  skipped: readonly SkippedItem[] = [],
): Plan {
  const known = new Map(existing.map((alarm) => [alarm.name, alarm]));
  const desired = desiredStates.flatMap(({ alarms }) => alarms);
  const foreign = desired.filter(({ name }) => known.has(name) && known.get(name)?.metadata === undefined);
  const ours = desired.filter((alarm) => !foreign.includes(alarm));
  const pairs = ours.flatMap((alarm) => {
    const before = known.get(alarm.name);
    return before ? [{ alarm, before, changed: listDifferences(before, alarm) }] : [];
  });
  const left = findUnwanted(desiredStates, desired, [...known.values()]);
  return {
    create: byName(ours.filter(({ name }) => !known.has(name))),
    update: pairs.filter(({ changed }) => changed.length > 0).sort((a, b) => compareNames(a.alarm, b.alarm)),
    unchanged: [
      ...pairs.filter(({ changed }) => changed.length === 0).map(({ alarm }) => alarm.name),
      ...left.kept.map(({ name }) => name),
    ].sort(),
    delete: byName(left.going),
    skipped: [
      ...skipped,
      ...foreign.map(({ name }) => ({
        what: name,
        reason: 'an alarm with this name exists and is not managed by Groundcrew',
      })),
    ],
  };
}

/** Our alarms that are no longer desired: those to delete, and those we keep because deleting is not safe yet. */
function findUnwanted(
  desiredStates: readonly DesiredState[],
  desired: readonly Alarm[],
  existing: readonly ExistingAlarm[],
) {
  const names = new Set(desired.map(({ name }) => name));
  const owners = new Map(desiredStates.map((state) => [state.owner, state]));
  const left = existing.filter(
    ({ name, metadata, owner }) => metadata && owners.has(owner) && !names.has(name),
  );
  const mayGo = ({ owner, name }: ExistingAlarm): boolean => {
    const state = owners.get(owner);
    return state?.mayDelete === true && !state.keep?.includes(name);
  };
  return { going: left.filter(mayGo), kept: left.filter((alarm) => !mayGo(alarm)) };
}

/** All members that define a metric alarm, including those we never set: somebody may set them by hand. */
export const metricMembers = [
  'ActionsEnabled',
  'AlarmActions',
  'OKActions',
  'InsufficientDataActions',
  'Namespace',
  'MetricName',
  'Dimensions',
  'Statistic',
  'ExtendedStatistic',
  'Unit',
  'Period',
  'Metrics',
  'Threshold',
  'ComparisonOperator',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'TreatMissingData',
];
const compositeMembers = [
  'ActionsEnabled',
  'AlarmActions',
  'OKActions',
  'InsufficientDataActions',
  'AlarmRule',
  'ActionsSuppressor',
  'ActionsSuppressorWaitPeriod',
  'ActionsSuppressorExtensionPeriod',
];

function listDifferences(before: ExistingAlarm, alarm: Alarm): string[] {
  const after: Readonly<Record<string, unknown>> = { ...alarm.config };
  const members = alarm.kind === 'metric' ? metricMembers : compositeMembers;
  const changed = members.flatMap((member) => {
    const [was, is] = [canonical(before.config[member]), canonical(after[member])];
    return was === is ? [] : [`${member}: ${was ?? 'none'} -> ${is ?? 'none'}`];
  });
  const tags = before.metadata?.tags === parseMetadata(alarm.description)?.tags ? [] : ['tags'];
  return [...changed, ...tags, ...(before.description === alarm.description ? [] : ['description'])];
}

/** JSON that is equal for values CloudWatch treats as equal: lists have no order, an empty list equals none. */
function canonical(value: unknown): string | undefined {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => canonical(member) !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
}

function byName<T extends { readonly name: string }>(alarms: readonly T[]): T[] {
  return [...alarms].sort(compareNames);
}

function compareNames(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
