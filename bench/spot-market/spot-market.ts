import { createMarket } from './market.ts';
import { type ReplayResult, replay } from './replay.ts';
import { allAndNeverBack, loadDomain, nothing, onePerEvent, onePerEventAndBack, ours } from './strategies.ts';

const DAYS = 14;
const SEEDS = [1, 2];
/** Many accounts that run on Spot may run only few On-Demand instances. */
const QUOTA = 45;

export interface SpotMarketResult extends ReplayResult {
  readonly strategy: string;
  readonly quota: number | undefined;
}

/** Replays the same markets for each strategy. Figures are means per week. */
export async function measureSpotMarket(): Promise<readonly SpotMarketResult[]> {
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
  return results;
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

export function formatSpotMarket(results: readonly SpotMarketResult[]): string {
  const lines = results.map(({ strategy, quota, unmetHours, extraOnDemandHours, turnedOver }) =>
    [
      strategy.padEnd(32),
      (quota === undefined ? 'none' : String(quota)).padStart(6),
      String(unmetHours).padStart(12),
      String(extraOnDemandHours).padStart(18),
      String(turnedOver).padStart(13),
    ].join(''),
  );
  const head = `${''.padEnd(32)} quota  unmet hours  extra On-Demand h  turned over`;
  return [
    'A replay of Spot markets that dry up and come back: 20 to 60 instances, per week',
    head,
    ...lines,
  ].join('\n');
}
