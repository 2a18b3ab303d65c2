import type { Report } from '../output/report.ts';
import { createMarket } from './market.ts';
import { type ReplayResult, replay } from './replay.ts';
import { allAndNeverBack, loadDomain, nothing, onePerEvent, onePerEventAndBack, ours } from './strategies.ts';

const DAYS = 14;
const SEEDS = [1, 2];
/** Many accounts that run on Spot may run only few On-Demand instances. */
const QUOTA = 45;

interface SpotMarketResult extends ReplayResult {
  readonly strategy: string;
  readonly quota: number | undefined;
}

/** Replays the same markets for each strategy. Figures are means per week. */
export async function measureSpotMarket(): Promise<Report> {
  const domain = await loadDomain();
  const strategies = [() => ours(domain), onePerEvent, onePerEventAndBack, allAndNeverBack, nothing];
  const results: SpotMarketResult[] = [];
  for (const quota of [undefined, QUOTA]) {
    for (const strategy of strategies) {
      const runs: ReplayResult[] = [];
      for (const seed of SEEDS) {
        const options = { days: DAYS, seed, ...(quota !== undefined && { quota }) };
        runs.push(await replay(createMarket(DAYS, seed), strategy, options));
      }
      results.push({ strategy: strategy().name, quota, ...meanPerWeek(runs) });
    }
  }
  return describe(results);
}

function meanPerWeek(runs: readonly ReplayResult[]): ReplayResult {
  const mean = (of: (run: ReplayResult) => number): number =>
    Math.round(runs.reduce((sum, run) => sum + of(run), 0) / runs.length / (DAYS / 7));
  return {
    unmetHours: mean(({ unmetHours }) => unmetHours),
    extraOnDemandHours: mean(({ extraOnDemandHours }) => extraOnDemandHours),
    turnedOver: mean(({ turnedOver }) => turnedOver),
  };
}

function describe(results: readonly SpotMarketResult[]): Report {
  const ofQuota = (quota: number | undefined): readonly SpotMarketResult[] =>
    results.filter((one) => one.quota === quota);
  return {
    title: 'A replay of Spot markets that dry up and come back: 20 to 60 instances, per week',
    columns: ['strategy', 'quota', 'unmet hours', 'extra On-Demand hours', 'turned over'],
    rows: results.map(({ strategy, quota, unmetHours, extraOnDemandHours, turnedOver }) => [
      strategy,
      quota === undefined ? 'none' : String(quota),
      String(unmetHours),
      String(extraOnDemandHours),
      String(turnedOver),
    ]),
    notes: ['The quota is the number of On-Demand instances that the account may run.'],
    chart: {
      title: 'Instance hours that were wanted and did not run, per week',
      unit: 'hours',
      series: ['no quota', `a quota of ${QUOTA}`],
      groups: ofQuota(undefined).map(({ strategy, unmetHours }, index) => ({
        label: strategy,
        values: [unmetHours, ofQuota(QUOTA)[index]?.unmetHours],
      })),
    },
    data: results,
  };
}
