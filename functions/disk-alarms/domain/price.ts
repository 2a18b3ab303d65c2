import type { Alarm, ExistingAlarm } from './alarm.ts';
import type { Plan } from './plan.ts';

// List prices of us-east-1 for a month. Source: the CloudWatch pricing page.
const USD_PER_METRIC = 0.1;
const USD_PER_COMPOSITE = 0.5;

type PricedAlarm = Pick<Alarm | ExistingAlarm, 'name' | 'kind'> & { readonly config: object };

/**
 * The price of the plan's alarms, as they are after the plan, in USD a month: new, updated and unchanged ones.
 * @param analysed number of metrics that an alarm's Metrics Insights query analyses, by the name of the alarm
 */
export function monthlyUsd(
  { create, update, unchanged }: Pick<Plan, 'create' | 'update' | 'unchanged'>,
  existing: readonly ExistingAlarm[],
  analysed: ReadonlyMap<string, number> = new Map(),
): number {
  const stays = new Set(unchanged);
  const alarms: readonly PricedAlarm[] = [
    ...create,
    ...update.map(({ alarm }) => alarm),
    ...new Map(existing.filter(({ name }) => stays.has(name)).map((one) => [one.name, one])).values(),
  ];
  const usd = alarms.reduce((sum, alarm) => sum + priceOf(alarm, analysed.get(alarm.name)), 0);
  return Math.round(usd * 100) / 100;
}

function priceOf({ kind, config }: PricedAlarm, analysed: number | undefined): number {
  if (kind === 'composite') return USD_PER_COMPOSITE;
  const queries: unknown = 'Metrics' in config ? config.Metrics : undefined;
  const metrics = Array.isArray(queries) ? queries.filter((one) => one.MetricStat !== undefined).length : 1;
  return USD_PER_METRIC * (analysed ?? Math.max(1, metrics));
}
