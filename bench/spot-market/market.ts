import type { PoolChange } from '../../local/account/services/autoscaling/model.ts';

// A market in virtual time: which pools have how much Spot capacity, and how much capacity the group wants.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const zones = ['a', 'b'] as const;
export const types = ['m5.large', 'm5a.large', 'c5.large'] as const;
export const pools: readonly string[] = zones.flatMap((zone) => types.map((type) => `${type}/${zone}/spot`));
/** What a pool has in good times. */
const AMPLE = 40;

/** The same numbers in every run. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

export interface Market {
  readonly script: readonly PoolChange[];
  /** Hours in which all pools together have less than the group may want. */
  readonly dryHours: number;
  desiredAt(time: number): number;
}

/** Single pools dry up often, all of them together every other day for some hours, sometimes twice in a row. */
export function createMarket(days: number, seed: number): Market {
  const random = createRandom(seed);
  const script: PoolChange[] = [];
  for (const pool of pools) script.push(...poolEpisodes(pool, days, random));
  const droughts = marketDroughts(days, random);
  script.push(...droughts.flatMap(({ capacity, from, until }) => drought(from, until, capacity)));
  const dryHours = droughts.reduce((sum, { from, until }) => sum + (until - from) / HOUR, 0);
  return { script: script.toSorted((a, b) => a.at - b.at), dryHours, desiredAt };
}

function poolEpisodes(pool: string, days: number, random: () => number): PoolChange[] {
  const changes: PoolChange[] = [{ at: 0, pool, capacity: AMPLE }];
  for (let at = random() * DAY; at < days * DAY; at += (0.5 + random() * 2) * DAY) {
    const until = at + (0.5 + random() * 3) * HOUR;
    changes.push({ at, pool, capacity: Math.floor(random() * 4) }, { at: until, pool, capacity: AMPLE });
  }
  return changes;
}

interface Drought {
  readonly from: number;
  readonly until: number;
  /** Of each pool. */
  readonly capacity: number;
}

function marketDroughts(days: number, random: () => number): Drought[] {
  const droughts: Drought[] = [];
  for (let at = random() * DAY; at < days * DAY; at += (1 + random() * 2) * DAY) {
    const until = at + (1 + random() * 5) * HOUR;
    droughts.push({ from: at, until, capacity: Math.floor(random() * 4) });
    // After half of them, the market dries up once more soon.
    if (random() < 0.5) {
      const again = until + (0.3 + random()) * HOUR;
      droughts.push({ from: again, until: again + (0.5 + random() * 2) * HOUR, capacity: 0 });
    }
  }
  return droughts;
}

function drought(from: number, until: number, capacity: number): PoolChange[] {
  return [
    { at: from, pool: '*/*/spot', capacity },
    { at: until, pool: '*/*/spot', capacity: AMPLE },
  ];
}

/** Busy by day, quiet by night: between 20 and 60 instances. */
function desiredAt(time: number): number {
  return Math.round(40 + 20 * Math.sin((2 * Math.PI * (time % DAY)) / DAY));
}
