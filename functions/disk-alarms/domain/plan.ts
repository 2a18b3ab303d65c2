import type { Alarm, Existing } from './alarm.ts';
import { readNote } from './alarm-metadata.ts';
import type { Skipped } from './disk.ts';

/** What should be for one owner, an instance or the fleet. */
export interface Wish {
  readonly owner: string;
  readonly alarms: readonly Alarm[];
  /** Alarms of it that are not wished for may go: it is gone, or its other disks prove that its agent is alive. */
  readonly mayDelete: boolean;
  /** Alarms of it that stay as they are. */
  readonly leave?: readonly string[];
}

export interface Update {
  readonly alarm: Alarm;
  readonly before: Existing;
  /** The members that differ, with both values. */
  readonly changed: readonly string[];
}

/** The smallest set of changes, each list in the order of names. */
export interface Plan {
  readonly create: readonly Alarm[];
  readonly update: readonly Update[];
  readonly unchanged: readonly string[];
  readonly delete: readonly Existing[];
  readonly skipped: readonly Skipped[];
}

/** Alarms of owners that nobody wished anything for are not looked at. */
export function plan(
  wishes: readonly Wish[],
  existing: readonly Existing[],
  skipped: readonly Skipped[] = [],
): Plan {
  const known = new Map(existing.map((alarm) => [alarm.name, alarm]));
  const wished = wishes.flatMap(({ alarms }) => alarms);
  const strangers = wished.filter(({ name }) => known.has(name) && known.get(name)?.note === undefined);
  const ours = wished.filter((alarm) => !strangers.includes(alarm));
  const pairs = ours.flatMap((alarm) => {
    const before = known.get(alarm.name);
    return before ? [{ alarm, before, changed: differences(before, alarm) }] : [];
  });
  const left = leftOver(wishes, wished, [...known.values()]);
  return {
    create: byName(ours.filter(({ name }) => !known.has(name))),
    update: pairs.filter(({ changed }) => changed.length > 0).sort((a, b) => order(a.alarm, b.alarm)),
    unchanged: [
      ...pairs.filter(({ changed }) => changed.length === 0).map(({ alarm }) => alarm.name),
      ...left.kept.map(({ name }) => name),
    ].sort(),
    delete: byName(left.going),
    skipped: [
      ...skipped,
      ...strangers.map(({ name }) => ({ what: name, reason: 'an alarm of this name is not ours' })),
    ],
  };
}

/** Ours that nobody wishes for: those that may go, and those that stay because nothing proves that they may. */
function leftOver(wishes: readonly Wish[], wished: readonly Alarm[], existing: readonly Existing[]) {
  const names = new Set(wished.map(({ name }) => name));
  const owners = new Map(wishes.map((wish) => [wish.owner, wish]));
  const left = existing.filter(({ name, note, owner }) => note && owners.has(owner) && !names.has(name));
  const mayGo = ({ owner, name }: Existing): boolean => {
    const wish = owners.get(owner);
    return wish?.mayDelete === true && !wish.leave?.includes(name);
  };
  return { going: left.filter(mayGo), kept: left.filter((alarm) => !mayGo(alarm)) };
}

/** The members that decide what a metric alarm does, the ones nobody sets among them: by hand they may be set. */
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

function differences(before: Existing, alarm: Alarm): string[] {
  const after: Readonly<Record<string, unknown>> = { ...alarm.config };
  const members = alarm.kind === 'metric' ? metricMembers : compositeMembers;
  const changed = members.flatMap((member) => {
    const [was, is] = [canonical(before.config[member]), canonical(after[member])];
    return was === is ? [] : [`${member}: ${was ?? 'none'} -> ${is ?? 'none'}`];
  });
  const tags = before.note?.tags === readNote(alarm.description)?.tags ? [] : ['tags'];
  return [...changed, ...tags, ...(before.description === alarm.description ? [] : ['description'])];
}

/**
 * Text that is the same for what CloudWatch holds to be the same: dimensions and metrics have no order, an empty list
 * is no list.
 */
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
  return [...alarms].sort(order);
}

function order(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
