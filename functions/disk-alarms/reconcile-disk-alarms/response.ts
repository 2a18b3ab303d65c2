import type { Skipped } from '../domain/disk.ts';
import type { Plan } from '../domain/plan.ts';
import type { Applied } from './apply-plan.ts';

/** An answer of Lambda's holds 6 MB; nobody reads so many names. */
const MOST_NAMES = 500;

export interface Outcome {
  readonly plan: Plan;
  /** Nothing of it in a dry run. */
  readonly applied?: Applied;
  readonly instances: number;
  readonly disks: number;
  /** Whether a message to the own queue goes on with what is left. */
  readonly continues: boolean;
  /** Instances that are looked at again when their metrics are listed. */
  readonly unheard: readonly string[];
}

/** What a direct caller gets, and in its counts what the log line says. */
export function answerOf({ plan, applied, ...outcome }: Outcome) {
  return {
    dryRun: applied === undefined,
    ...countsOf({ plan, ...outcome }),
    ...(applied && { applied }),
    continues: outcome.continues,
    plan: {
      create: shortList(plan.create.map(({ name }) => name)),
      update: shortList(plan.update.map(({ alarm, changed }) => ({ name: alarm.name, changed }))),
      delete: shortList(plan.delete.map(({ name }) => name)),
      skipped: shortList(plan.skipped),
    },
    ...(outcome.unheard.length > 0 && { comesBackTo: shortList(outcome.unheard) }),
  };
}

export function countsOf({ plan, instances, disks }: Pick<Outcome, 'plan' | 'instances' | 'disks'>) {
  return {
    instances,
    disks,
    counts: {
      create: plan.create.length,
      update: plan.update.length,
      unchanged: plan.unchanged.length,
      delete: plan.delete.length,
      skipped: plan.skipped.length,
    },
    ...(plan.skipped.length > 0 && { skippedFor: reasons(plan.skipped) }),
  };
}

function reasons(skipped: readonly Skipped[]): Record<string, number> {
  const byReason = [...Map.groupBy(skipped, ({ reason }) => reason)].map(
    ([reason, some]) => [reason, some.length] as const,
  );
  return Object.fromEntries(byReason.sort(([, a], [, b]) => b - a).slice(0, 20));
}

function shortList<T>(items: readonly T[]): readonly (T | string)[] {
  if (items.length <= MOST_NAMES) return items;
  return [...items.slice(0, MOST_NAMES), `and ${items.length - MOST_NAMES} more`];
}
