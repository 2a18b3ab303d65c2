import { chunk } from '#shared/concurrency.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sleep } from '#shared/time.ts';
import { deleteAlarms, putAlarm, replaceTags } from '../aws/alarms.ts';
import { type Alarm, type ExistingAlarm, FLEET } from '../domain/alarm.ts';
import { calledAtOf, parseMetadata } from '../domain/alarm-metadata.ts';
import type { AlarmUpdate, Plan } from '../domain/plan.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';

/** DeleteAlarms takes 100 names; at most one may be a composite alarm. */
const MAX_DELETE_NAMES = 100;

/** One call that changes alarms. */
export interface Change {
  readonly names: readonly string[];
  readonly rateLimiter: RateLimiter;
  readonly action: 'created' | 'updated' | 'deleted';
  /** The members of the alarm that differ. */
  readonly changed?: readonly string[];
  readonly make: () => Promise<void>;
  /** A fleet alarm, which replaces the alarms of single disks. */
  readonly isFleet?: boolean;
  /** The time of the latest direct call that the plan knows, for each alarm. */
  readonly calledAt: ReadonlyMap<string, number>;
}

/** The changes of a plan, most urgent first. CloudWatch limits puts and deletes separately. */
export function orderChanges(plan: Plan, perSecond: number, invocation: Invocation): Change[] {
  const clock = { now: invocation.now, wait: (ms: number) => sleep(ms, invocation.signal) };
  const [puts, deletes] = [createRateLimiter(perSecond, clock), createRateLimiter(perSecond, clock)];
  const created = plan.create.map((alarm) => putChange(alarm, undefined, puts, invocation));
  const updated = plan.update.map((update) => putChange(update.alarm, update, puts, invocation));
  // A composite alarm refers to metric alarms: create it after them, delete it before them.
  const composites = [...plan.create, ...plan.update.map(({ alarm }) => alarm)].filter(isComposite);
  const late = new Set(composites.map(({ name }) => name));
  const isLate = ({ names: [name = ''] }: Change): boolean => late.has(name);
  const going = [
    ...plan.delete.filter(isComposite).map((alarm) => [alarm]),
    ...chunk(
      plan.delete.filter((alarm) => !isComposite(alarm)),
      MAX_DELETE_NAMES,
    ),
  ];
  return [
    // An updated warning may hand its actions to a new composite alarm, which must exist first.
    ...created.filter((change) => !isLate(change)),
    ...created.filter(isLate),
    ...updated.filter((change) => !isLate(change)),
    ...updated.filter(isLate),
    ...going.map((alarms) => deleteChange(alarms, deletes, invocation)),
  ];
}

function isComposite({ kind }: { readonly kind: string }): boolean {
  return kind === 'composite';
}

function putChange(
  alarm: Alarm,
  update: AlarmUpdate | undefined,
  rateLimiter: RateLimiter,
  { signal }: Invocation,
): Change {
  const { before, changed = [] } = update ?? {};
  const known = [before?.metadata, parseMetadata(alarm.description)].map(calledAtOf);
  return {
    names: [alarm.name],
    rateLimiter,
    action: before ? 'updated' : 'created',
    isFleet: alarm.owner === FLEET,
    calledAt: new Map([[alarm.name, Math.max(...known)]]),
    ...(before && { changed }),
    make: async () => {
      // Tags before the metadata that records them: if we crash in between, the next run repeats both.
      if (before && changed.includes('tags')) await replaceTags(before.arn, alarm.tags, signal);
      await putAlarm(alarm, signal);
    },
  };
}

function deleteChange(
  alarms: readonly Pick<ExistingAlarm, 'name' | 'metadata'>[],
  rateLimiter: RateLimiter,
  { signal }: Invocation,
): Change {
  const names = alarms.map(({ name }) => name);
  return {
    names,
    rateLimiter,
    action: 'deleted',
    calledAt: new Map(alarms.map(({ name, metadata }) => [name, calledAtOf(metadata)])),
    make: () => deleteAlarms(names, signal),
  };
}

/** A part of a deletion. */
export function deletionOf(change: Change, names: readonly string[], { signal }: Invocation): Change {
  return { ...change, names, make: () => deleteAlarms(names, signal) };
}
