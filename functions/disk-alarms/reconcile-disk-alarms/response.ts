import type { SkippedItem } from '../domain/disk.ts';
import type { ApplyResult, Plan } from '../domain/plan.ts';

/** Names in a response. Lambda allows 6 MB, but a list this long is not read. */
const MAX_NAMES = 500;

export interface RunOutcome {
  readonly plan: Plan;
  /** Absent in a dry run. */
  readonly applied?: ApplyResult;
  readonly instances: number;
  readonly disks: number;
  /** List price of the alarms of these instances after the plan. */
  readonly monthlyUsd: number;
  /** Alarms that are missing because of `MaxAlarms`. */
  readonly overMaximum: number;
  /** Alarms that a direct call did not create, because it had no time to count those that exist. */
  readonly uncounted: number;
  /** Instances that a direct call had no time to read. */
  readonly unread: number;
  /** Names of running instances in scope whose agents send no disk metrics. */
  readonly unmonitored: readonly string[];
  /** Disks whose size is unknown, which have the thresholds of the first tier. */
  readonly unsized: readonly string[];
  /** Why topics of tags or calls are not used, each once. */
  readonly unusableTopics: readonly string[];
  /** Disk alarms of other tools for these instances. Only in the dry run of a direct call. */
  readonly otherAlarms?: readonly string[];
  /** Whether a follow-up continues with the pending changes. */
  readonly continues: boolean;
  /** Instances that are checked again when CloudWatch lists their metrics. */
  readonly withoutMetrics: readonly string[];
}

/** The response to a direct call. Its counts are also those of the log line. */
export function toResponse({ plan, applied, otherAlarms = [], ...outcome }: RunOutcome) {
  return {
    dryRun: applied === undefined,
    ...toCounts({ plan, ...outcome }),
    ...(applied && { applied }),
    continues: outcome.continues,
    plan: {
      create: limitItems(plan.create.map(({ name }) => name)),
      update: limitItems(plan.update.map(({ alarm, changed }) => ({ name: alarm.name, changed }))),
      delete: limitItems(plan.delete.map(({ name }) => name)),
      skipped: limitItems(plan.skipped),
    },
    ...(otherAlarms.length > 0 && { otherAlarms: limitItems(otherAlarms) }),
    ...(outcome.withoutMetrics.length > 0 && { recheckLater: limitItems(outcome.withoutMetrics) }),
  };
}

type Counted = Omit<RunOutcome, 'applied' | 'continues' | 'withoutMetrics'>;

export function toCounts({ plan, ...outcome }: Counted) {
  const { instances, disks, monthlyUsd, overMaximum, unread, unusableTopics, unmonitored, unsized } = outcome;
  return {
    instances,
    disks,
    monthlyUsd,
    ...(overMaximum > 0 && { overMaximum }),
    ...(unread > 0 && { unread }),
    ...(unmonitored.length > 0 && { unmonitored: limitItems(unmonitored) }),
    ...(unsized.length > 0 && { unsized: limitItems(unsized) }),
    ...(unusableTopics.length > 0 && { unusableTopics: limitItems(unusableTopics) }),
    counts: {
      create: plan.create.length,
      update: plan.update.length,
      unchanged: plan.unchanged.length,
      delete: plan.delete.length,
      skipped: plan.skipped.length,
    },
    ...(plan.skipped.length > 0 && { skippedFor: countReasons(plan.skipped) }),
  };
}

function countReasons(skipped: readonly SkippedItem[]): Record<string, number> {
  const byReason = [...Map.groupBy(skipped, ({ reason }) => reason)].map(
    ([reason, some]) => [reason, some.length] as const,
  );
  return Object.fromEntries(byReason.sort(([, a], [, b]) => b - a).slice(0, 20));
}

function limitItems<T>(items: readonly T[]): readonly (T | string)[] {
  if (items.length <= MAX_NAMES) return items;
  return [...items.slice(0, MAX_NAMES), `and ${items.length - MAX_NAMES} more`];
}
