import { chunk } from '#shared/concurrency.ts';
import { hasName, isRetryable, toError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import { sleep } from '#shared/time.ts';
import { deleteAlarms, putAlarm, replaceTags } from '../aws/alarms.ts';
import { type Alarm, FLEET } from '../domain/alarm.ts';
import type { AlarmUpdate, Plan } from '../domain/plan.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';

/** The changes that were made, and those that were not. */
export interface ApplyResult {
  created: number;
  updated: number;
  deleted: number;
  /** Changes not made yet, because time ran out or CloudWatch throttled. Another run makes them. */
  pending: number;
  readonly refused: { readonly name: string; readonly reason: string }[];
}

/** CloudWatch allows three puts and three deletes a second. Slightly below, because clocks differ. */
const CALLS_PER_SECOND = 2.9;
/** DeleteAlarms takes 100 names; at most one may be a composite alarm. */
const MAX_DELETE_NAMES = 100;
/** After this many postponed changes in a row we stop: other callers use the quota, or CloudWatch is down. */
const MAX_FAILURES = 3;

interface Change {
  readonly names: readonly string[];
  readonly rateLimiter: RateLimiter;
  readonly action: 'created' | 'updated' | 'deleted';
  /** The members of the alarm that differ. */
  readonly changed?: readonly string[];
  readonly make: () => Promise<void>;
  /** A fleet alarm, which replaces the alarms of single disks. */
  readonly isFleet?: boolean;
}

type ChangeResult = 'done' | 'postponed' | 'refused' | 'batch refused';

/**
 * Makes the changes, most urgent first, until `until` (epoch milliseconds). Every change is idempotent, also when two
 * runs make it at once: a put replaces the whole alarm.
 */
export async function applyPlan(plan: Plan, until: number, invocation: Invocation): Promise<ApplyResult> {
  const result: ApplyResult = { created: 0, updated: 0, deleted: 0, pending: 0, refused: [] };
  const queue = orderChanges(plan, invocation);
  let failures = 0;
  let hasFleetAlarms = true;
  for (let change = queue.shift(); change; change = queue.shift()) {
    if (failures >= MAX_FAILURES || invocation.now() >= until || invocation.signal.aborted) {
      result.pending += [change, ...queue].reduce((sum, { names }) => sum + names.length, 0);
      break;
    }
    if (change.action === 'deleted' && !hasFleetAlarms) {
      result.pending += change.names.length;
      continue;
    }
    const outcome = await applyChange(change, result, invocation);
    if (change.isFleet && outcome !== 'done') hasFleetAlarms = false;
    failures = outcome === 'postponed' ? failures + 1 : 0;
    if (outcome === 'batch refused') queue.unshift(...splitDelete(change, invocation));
  }
  countChanges(result, invocation);
  return result;
}

function orderChanges(plan: Plan, invocation: Invocation): Change[] {
  const clock = { now: invocation.now, wait: (ms: number) => sleep(ms, invocation.signal) };
  const [puts, deletes] = [
    createRateLimiter(CALLS_PER_SECOND, clock),
    createRateLimiter(CALLS_PER_SECOND, clock),
  ];
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
    ...going.map((alarms) =>
      deleteChange(
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

function putChange(
  alarm: Alarm,
  update: AlarmUpdate | undefined,
  rateLimiter: RateLimiter,
  { signal }: Invocation,
): Change {
  const { before, changed = [] } = update ?? {};
  return {
    names: [alarm.name],
    rateLimiter,
    action: before ? 'updated' : 'created',
    isFleet: alarm.owner === FLEET,
    ...(before && { changed }),
    make: async () => {
      // Tags before the metadata that records them: if we crash in between, the next run repeats both.
      if (before && changed.includes('tags')) await replaceTags(before.arn, alarm.tags, signal);
      await putAlarm(alarm, signal);
    },
  };
}

function deleteChange(names: readonly string[], rateLimiter: RateLimiter, { signal }: Invocation): Change {
  return { names, rateLimiter, action: 'deleted', make: () => deleteAlarms(names, signal) };
}

async function applyChange(
  change: Change,
  result: ApplyResult,
  invocation: Invocation,
): Promise<ChangeResult> {
  const { names, action, changed } = change;
  try {
    await change.rateLimiter.next();
    await change.make();
    result[action] += names.length;
    for (const alarm of names)
      invocation.logger.info(`alarm ${action}`, { alarm, ...(changed && { changed }) });
    return 'done';
  } catch (error) {
    // If no change was allowed, the role lacks the permission: fail, so that the dead-letter alarm reports it.
    const isDenied = hasName(error, 'AccessDenied', 'AccessDeniedException');
    if (isDenied && result.created + result.updated + result.deleted === 0) throw error;
    if (!isRetryable(error)) return recordRefusal(names, error, result, invocation);
    result.pending += names.length;
    invocation.logger.warn('alarm change postponed: CloudWatch unavailable or throttled', {
      alarms: names.slice(0, 10),
      error,
    });
    return 'postponed';
  }
}

function recordRefusal(
  names: readonly string[],
  error: unknown,
  result: ApplyResult,
  { logger }: Invocation,
): ChangeResult {
  if (names.length > 1) return 'batch refused';
  const [name = ''] = names;
  result.refused.push({ name, reason: toError(error).message });
  logger.error('alarm change refused by CloudWatch', { alarm: name, error });
  return 'refused';
}

/** CloudWatch refuses the whole batch if it cannot delete one alarm, for example one that a foreign composite uses. */
function splitDelete({ names, rateLimiter }: Change, invocation: Invocation): Change[] {
  return names.map((name) => deleteChange([name], rateLimiter, invocation));
}

function countChanges({ created, updated, deleted, refused }: ApplyResult, { metrics }: Invocation): void {
  addCount(metrics, 'Created', created);
  addCount(metrics, 'Updated', updated);
  addCount(metrics, 'Deleted', deleted);
  addCount(metrics, 'Refused', refused.length);
}
