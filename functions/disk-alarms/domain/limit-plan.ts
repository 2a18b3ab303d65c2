import type { Plan } from './plan.ts';

export interface LimitedPlan {
  readonly plan: Plan;
  /** Alarms that are missing because of the limit. */
  readonly overMaximum: number;
}

/**
 * Leaves out the changes of instances whose new alarms would exceed the limit. An instance gets all its new alarms or
 * none: half of them could be a warning whose composite alarm, which notifies, is missing.
 * @param total number of alarms that exist now
 */
export function limitPlan(plan: Plan, total: number, maxAlarms: number): LimitedPlan {
  let left = maxAlarms - total + plan.delete.length;
  const over = new Map<string, number>();
  for (const [owner, alarms] of Map.groupBy(plan.create, (alarm) => alarm.owner)) {
    if (alarms.length <= left) left -= alarms.length;
    else over.set(owner, alarms.length);
  }
  if (over.size === 0) return { plan, overMaximum: 0 };
  const reason = `MaxAlarms is ${maxAlarms} and would be exceeded`;
  const held = plan.update.filter(({ alarm }) => over.has(alarm.owner));
  return {
    plan: {
      ...plan,
      create: plan.create.filter(({ owner }) => !over.has(owner)),
      update: plan.update.filter((update) => !held.includes(update)),
      unchanged: [...plan.unchanged, ...held.map(({ alarm }) => alarm.name)].sort(),
      skipped: [...plan.skipped, ...[...over.keys()].map((what) => ({ what, reason }))],
    },
    overMaximum: [...over.values()].reduce((sum, count) => sum + count, 0),
  };
}
