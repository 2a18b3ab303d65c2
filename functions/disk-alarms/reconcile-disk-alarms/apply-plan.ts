import { chunk } from '#shared/concurrency.ts';
import { hasName, isRetryable, toError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { sleep } from '#shared/time.ts';
import { deleteAlarms, putAlarm, retag } from '../aws/alarms.ts';
import { type Alarm, FLEET } from '../domain/alarm.ts';
import type { Plan, Update } from '../domain/plan.ts';
import { createPace, type Pace } from './rate-limiter.ts';

/** What became of a plan. */
export interface Applied {
  created: number;
  updated: number;
  deleted: number;
  /** Changes that were not made: time ran out, or CloudWatch would not. Another run makes them. */
  left: number;
  readonly refused: { readonly name: string; readonly why: string }[];
}

/** CloudWatch allows three puts and three deletes a second; a little below, for clocks that differ. */
const PER_SECOND = 2.9;
/** DeleteAlarms takes a hundred names, of which one may be a composite alarm's. */
const NAMES = 100;
/** So many that CloudWatch puts off in a row: others use up the quota, or it is down. */
const MOST_FAILURES = 3;

interface Change {
  readonly names: readonly string[];
  readonly pace: Pace;
  readonly did: 'created' | 'updated' | 'deleted';
  /** What of an alarm differed. */
  readonly changed?: readonly string[];
  readonly make: () => Promise<void>;
  /** What the alarms of single disks give way to. */
  readonly isFleet?: boolean;
}

type Made = 'made' | 'put off' | 'refused' | 'refused whole';

/**
 * Makes the changes, the most urgent first, until `until` (epoch milliseconds). Each can be made twice and by two runs
 * at once: a put says all of an alarm, a delete names what nobody should have.
 */
export async function apply(plan: Plan, until: number, invocation: Invocation): Promise<Applied> {
  const applied: Applied = { created: 0, updated: 0, deleted: 0, left: 0, refused: [] };
  const queue = changesOf(plan, invocation);
  let failures = 0;
  let isFleetThere = true;
  for (let change = queue.shift(); change; change = queue.shift()) {
    if (failures >= MOST_FAILURES || invocation.now() >= until || invocation.signal.aborted) {
      applied.left += [change, ...queue].reduce((sum, { names }) => sum + names.length, 0);
      break;
    }
    if (change.did === 'deleted' && !isFleetThere) {
      applied.left += change.names.length;
      continue;
    }
    const made = await attempt(change, applied, invocation);
    if (change.isFleet && made !== 'made') isFleetThere = false;
    failures = made === 'put off' ? failures + 1 : 0;
    if (made === 'refused whole') queue.unshift(...oneByOne(change, invocation));
  }
  report(applied, invocation);
  return applied;
}

function changesOf(plan: Plan, invocation: Invocation): Change[] {
  const clock = { now: invocation.now, wait: (ms: number) => sleep(ms, invocation.signal) };
  const [puts, deletes] = [createPace(PER_SECOND, clock), createPace(PER_SECOND, clock)];
  const created = plan.create.map((alarm) => put(alarm, undefined, puts, invocation));
  const updated = plan.update.map((update) => put(update.alarm, update, puts, invocation));
  // A composite alarm names others: they have to be there when it comes, and it has to be gone before they go.
  const composites = [...plan.create, ...plan.update.map(({ alarm }) => alarm)].filter(isComposite);
  const late = new Set(composites.map(({ name }) => name));
  const isLate = ({ names: [name = ''] }: Change): boolean => late.has(name);
  const going = [
    ...plan.delete.filter(isComposite).map((alarm) => [alarm]),
    ...chunk(
      plan.delete.filter((alarm) => !isComposite(alarm)),
      NAMES,
    ),
  ];
  return [
    // A warning that is updated may lose its actions to a notice: that has to be there first.
    ...created.filter((change) => !isLate(change)),
    ...created.filter(isLate),
    ...updated.filter((change) => !isLate(change)),
    ...updated.filter(isLate),
    ...going.map((alarms) =>
      remove(
        alarms.map(({ name }) => name),
        deletes,
        invocation,
      ),
    ),
  ];
}

function isComposite({ kind }: { readonly kind: string }): boolean {
  return kind === 'composite';
}

function put(alarm: Alarm, update: Update | undefined, pace: Pace, { signal }: Invocation): Change {
  const { before, changed = [] } = update ?? {};
  return {
    names: [alarm.name],
    pace,
    did: before ? 'updated' : 'created',
    isFleet: alarm.owner === FLEET,
    ...(before && { changed }),
    make: async () => {
      // Before the note says that they are there: a death in between is made good by the next run.
      if (before && changed.includes('tags')) await retag(before.arn, alarm.tags, signal);
      await putAlarm(alarm, signal);
    },
  };
}

function remove(names: readonly string[], pace: Pace, { signal }: Invocation): Change {
  return { names, pace, did: 'deleted', make: () => deleteAlarms(names, signal) };
}

async function attempt(change: Change, applied: Applied, invocation: Invocation): Promise<Made> {
  const { names, did, changed } = change;
  try {
    await change.pace.next();
    await change.make();
    applied[did] += names.length;
    for (const alarm of names) invocation.logger.info(`alarm ${did}`, { alarm, ...(changed && { changed }) });
    return 'made';
  } catch (error) {
    // Nothing will be allowed then, unless something was: whoever is told of dead letters has to mend the role.
    const isDenied = hasName(error, 'AccessDenied', 'AccessDeniedException');
    if (isDenied && applied.created + applied.updated + applied.deleted === 0) throw error;
    if (!isRetryable(error)) return refuse(names, error, applied, invocation);
    applied.left += names.length;
    invocation.logger.warn('an alarm could not be changed now', { alarms: names.slice(0, 10), error });
    return 'put off';
  }
}

function refuse(names: readonly string[], error: unknown, applied: Applied, { logger }: Invocation): Made {
  if (names.length > 1) return 'refused whole';
  const [name = ''] = names;
  applied.refused.push({ name, why: toError(error).message });
  logger.error('CloudWatch refuses a change', { alarm: name, error });
  return 'refused';
}

/** One name that CloudWatch will not delete, such as one that somebody else's composite alarm needs, keeps all. */
function oneByOne({ names, pace }: Change, invocation: Invocation): Change[] {
  return names.map((name) => remove([name], pace, invocation));
}

function report({ created, updated, deleted, refused }: Applied, { metrics }: Invocation): void {
  addCount(metrics, 'Created', created);
  addCount(metrics, 'Updated', updated);
  addCount(metrics, 'Deleted', deleted);
  addCount(metrics, 'Refused', refused.length);
}
