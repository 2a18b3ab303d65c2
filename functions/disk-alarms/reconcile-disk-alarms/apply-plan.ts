import { hasName, isRetryable, toError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { addCount } from '#shared/metrics.ts';
import type { ApplyResult, Plan } from '../domain/plan.ts';
import { type CallCheck, createCallCheck } from './call-check.ts';
import { type Change, deletionOf, orderChanges } from './order-changes.ts';

export interface ApplyOptions {
  /** No change begins after this time, in epoch milliseconds. */
  readonly until: number;
  /** When the plan's alarms were read, in epoch milliseconds. */
  readonly readAt: number;
  readonly prefix: string;
  /** Changes a second. */
  readonly perSecond: number;
}

/** After this many failures in a row we stop: other callers use the quota, or CloudWatch is down. */
const MAX_FAILURES = 3;
/** After the first failure; it doubles with each further one. */
const BACK_OFF_MS = 2_000;

type ChangeResult = 'done' | 'postponed' | 'refused' | 'batch refused';

/**
 * Makes the changes, most urgent first, until `until`. Every change is idempotent, also when two runs make it at once: a
 * put replaces the whole alarm.
 */
export async function applyPlan(
  plan: Plan,
  options: ApplyOptions,
  invocation: Invocation,
): Promise<ApplyResult> {
  const result: ApplyResult = { created: 0, updated: 0, deleted: 0, pending: 0, refused: [] };
  const queue = orderChanges(plan, options.perSecond, invocation);
  const check = createCallCheck(options, invocation);
  let failures = 0;
  let hasFleetAlarms = true;
  for (let change = queue.shift(); change; change = queue.shift()) {
    if (failures >= MAX_FAILURES || isTimeUp(options, invocation)) {
      result.pending += countNames([change, ...queue]);
      break;
    }
    if (change.action === 'deleted' && !hasFleetAlarms) {
      result.pending += change.names.length;
      continue;
    }
    const outcome = await applyChange(change, { queue, check, result }, invocation);
    if (change.isFleet && outcome !== 'done') hasFleetAlarms = false;
    failures = outcome === 'postponed' ? failures + 1 : 0;
    queue.unshift(...changesToRepeat(change, outcome, failures, invocation));
  }
  countChanges(result, invocation);
  return result;
}

function changesToRepeat(
  change: Change,
  outcome: ChangeResult,
  failures: number,
  invocation: Invocation,
): readonly Change[] {
  if (outcome === 'postponed') {
    // The first throttle already says that others use the quota.
    change.rateLimiter.backOff(BACK_OFF_MS * 2 ** (failures - 1));
    return [change];
  }
  // CloudWatch refuses the whole batch if it cannot delete one alarm, for example one that a foreign composite uses.
  if (outcome === 'batch refused') return change.names.map((name) => deletionOf(change, [name], invocation));
  return [];
}

function isTimeUp({ until }: ApplyOptions, { now, signal }: Invocation): boolean {
  return now() >= until || signal.aborted;
}

function countNames(changes: readonly Change[]): number {
  return changes.reduce((sum, { names }) => sum + names.length, 0);
}

interface Progress {
  readonly queue: readonly Change[];
  readonly check: CallCheck;
  readonly result: ApplyResult;
}

async function applyChange(
  planned: Change,
  { queue, check, result }: Progress,
  invocation: Invocation,
): Promise<ChangeResult> {
  const { names, action, changed } = planned;
  try {
    await planned.rateLimiter.next();
    const change = withoutLaterCalls(planned, await check(planned, queue), result, invocation);
    if (change === undefined) return 'done';
    await change.make();
    result[action] += change.names.length;
    for (const alarm of change.names)
      invocation.logger.info(`alarm ${action}`, { alarm, ...(changed && { changed }) });
    return 'done';
  } catch (error) {
    // If no change was allowed, the role lacks the permission: fail, so that the dead-letter alarm reports it.
    const isDenied = hasName(error, 'AccessDenied', 'AccessDeniedException');
    if (isDenied && result.created + result.updated + result.deleted === 0) throw error;
    if (!isRetryable(error)) return recordRefusal(names, error, result, invocation);
    invocation.logger.warn('alarm change postponed: CloudWatch unavailable or throttled', {
      alarms: names.slice(0, 10),
      error,
    });
    return 'postponed';
  }
}

/** @returns undefined if nothing is left. The next run reads what the call wrote, and plans again. */
function withoutLaterCalls(
  change: Change,
  later: ReadonlySet<string>,
  result: ApplyResult,
  invocation: Invocation,
): Change | undefined {
  const left = change.names.filter((name) => !later.has(name));
  const dropped = change.names.filter((name) => later.has(name));
  if (dropped.length === 0) return change;
  result.pending += dropped.length;
  invocation.logger.info('alarm change dropped: a direct call was faster', { alarms: dropped.slice(0, 10) });
  return left.length > 0 ? deletionOf(change, left, invocation) : undefined;
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

function countChanges({ created, updated, deleted, refused }: ApplyResult, { metrics }: Invocation): void {
  addCount(metrics, 'Created', created);
  addCount(metrics, 'Updated', updated);
  addCount(metrics, 'Deleted', deleted);
  addCount(metrics, 'Refused', refused.length);
}
