import { beforeAll, describe, expect, it } from 'vitest';
import { createMarket, HOUR } from '../../bench/spot-market/market.ts';
import { type ReplayResult, replay, type Strategy } from '../../bench/spot-market/replay.ts';
import {
  allAndNeverBack,
  loadDomain,
  nothing,
  onePerEvent,
  ours,
} from '../../bench/spot-market/strategies.ts';

const DAYS = 8;
const OPTIONS = { days: DAYS, seed: 2, quota: 45 };

describe('a replay of a Spot market', () => {
  const market = createMarket(DAYS, 2);
  const play = (strategy: () => Strategy): Promise<ReplayResult> => replay(market, strategy, OPTIONS);
  let own: ReplayResult;

  beforeAll(async () => {
    const domain = await loadDomain();
    own = await play(() => ours(domain));
  });

  it('dries up for some hours', () => {
    expect(market.dryHours).toBeGreaterThan(2);
    expect(market.script.filter(({ at }) => at > DAYS * 12 * HOUR)).not.toEqual([]);
  });

  it('is the same in every run', async () => {
    const domain = await loadDomain();

    expect(await play(() => ours(domain))).toEqual(own);
  });

  it('leaves less capacity unmet with the fall-back than with each baseline, where On-Demand has a quota', async () => {
    for (const baseline of [nothing, onePerEvent, allAndNeverBack])
      expect((await play(baseline)).unmetHours).toBeGreaterThan(own.unmetHours);
  });

  it('buys less On-Demand with the fall-back than with those that never return', async () => {
    for (const baseline of [onePerEvent, allAndNeverBack])
      expect((await play(baseline)).extraOnDemandHours).toBeGreaterThan(own.extraOnDemandHours);
  });
});
