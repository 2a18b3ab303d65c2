import { describe, expect, it } from 'vitest';
import {
  baseFor,
  spotTarget,
  toDistribution,
  withBase,
} from '../../../../functions/spot-cordon/domain/distribution.ts';
import {
  decideFallBack,
  type FailedMarketLaunch,
  type FallBackDecision,
  type Observation,
} from '../../../../functions/spot-cordon/domain/fall-back.ts';
import { type FallBackDraft, newRecord } from '../../../../functions/spot-cordon/domain/fall-back-record.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 29, 12);
const SETTINGS = { interruptions: 10, interruptionWindowMs: 10 * MINUTE, calmMs: 30 * MINUTE };

interface Situation {
  readonly desired?: number;
  readonly base?: number;
  readonly percentage?: number;
  readonly spot?: number;
  readonly onDemand?: number;
  readonly floor?: number;
  readonly failures?: readonly FailedMarketLaunch[];
  readonly now?: number;
}

const DRY: FailedMarketLaunch = { market: 'spot', failure: 'no capacity', at: NOW };

function observe(situation: Situation = {}): Observation {
  const { desired = 10, base = 0, percentage = 0, spot = 10, onDemand = 0, floor = 0, now = NOW } = situation;
  const members = { OnDemandBaseCapacity: base, OnDemandPercentageAboveBaseCapacity: percentage };
  return {
    group: {
      name: 'workers',
      desired,
      distribution: toDistribution({ ...members, SpotAllocationStrategy: 'price-capacity-optimized' }),
      kinds: [],
      suspendedProcesses: [],
      hasSegments: false,
      countsInstances: true,
      tags: {},
      members: [],
    },
    capacity: { spot, onDemand, onDemandInService: onDemand },
    floor,
    failures: situation.failures ?? [],
    now,
  };
}

const decide = (record: FallBackDraft, situation: Situation): FallBackDecision =>
  decideFallBack(record, observe(situation), SETTINGS);

/** A group of ten that got four On-Demand instances instead of Spot. */
function fallenBack(now = NOW): FallBackDraft {
  const failures = [{ ...DRY, at: now }];
  return decide(newRecord('workers'), { spot: 6, failures, now }).record;
}

describe('the base at which a group asks for no more Spot than there is', () => {
  it.each([
    [10, 0, 0, 10, 0],
    [10, 0, 0, 6, 4],
    [10, 2, 0, 6, 4],
    [10, 2, 50, 4, 2],
    [10, 2, 50, 2, 5],
    [10, 0, 0, 0, 10],
    [10, 12, 0, 0, 12],
    [10, 3, 100, 0, 3],
  ])('desired %i, base %i, %i %%, Spot there %i: %i', (desired, base, percentage, spot, expected) => {
    expect(baseFor(desired, { base, percentage }, spot)).toBe(expected);
  });

  it('is the smallest one, for every distribution', () => {
    for (const [desired, base, spot] of everyCase())
      for (const percentage of [0, 10, 33, 50, 90, 100]) {
        const found = baseFor(desired, { base, percentage }, spot);
        expect(found).toBeGreaterThanOrEqual(base);
        expect(spotTarget(desired, { base: found, percentage })).toBeLessThanOrEqual(spot);
        if (found > base) expect(spotTarget(desired, { base: found - 1, percentage })).toBeGreaterThan(spot);
      }
  });
});

function everyCase(): (readonly [number, number, number])[] {
  const upTo = (n: number): number[] => Array.from({ length: n + 1 }, (_, i) => i);
  return upTo(12).flatMap((desired) =>
    upTo(13).flatMap((base) => upTo(desired).map((spot) => [desired, base, spot] as const)),
  );
}

describe('a launch that fails', () => {
  it('for want of Spot capacity buys exactly what is missing', () => {
    const { base, record } = decide(newRecord('workers'), { spot: 6, failures: [DRY] });

    expect(base).toBe(4);
    expect(record.fallBack?.original).toMatchObject({ OnDemandBaseCapacity: 0 });
    expect(record.notice).toMatchObject({ kind: 'fell back', from: 0, to: 4 });
  });

  it('again, with nothing more missing, buys nothing', () => {
    expect(decide(fallenBack(), { base: 4, spot: 6, failures: [DRY, DRY] }).base).toBeUndefined();
  });

  it('buys nothing if other pools served', () => {
    expect(decide(newRecord('workers'), { spot: 10, failures: [DRY] }).base).toBeUndefined();
  });

  it('buys nothing if the failure is too old', () => {
    const failures = [{ ...DRY, at: NOW - 16 * MINUTE }];

    expect(decide(newRecord('workers'), { spot: 6, failures }).base).toBeUndefined();
  });

  it.each([
    [{ market: 'spot', failure: 'limit reached' }, 'limit reached'],
    [{ market: 'on-demand', failure: 'limit reached' }, 'limit reached'],
    [{ market: 'spot', failure: 'refused' }, 'refused'],
    [{ market: 'on-demand', failure: 'no capacity' }, 'no On-Demand capacity'],
  ] as const)('for another reason is notified once a day: %j', (failed, failure) => {
    const failures = [{ ...failed, at: NOW }];
    const first = decide(newRecord('workers'), { spot: 6, failures });
    const second = decide(first.record, { spot: 6, failures });

    expect(first.base).toBeUndefined();
    expect(first.record.notice).toMatchObject({ kind: 'failure', failure });
    expect(second.outcome).toBe('nothing to do');
  });
});

describe('interruptions', () => {
  const interrupted = (count: number, at = NOW): FallBackDraft => ({
    ...newRecord('workers'),
    interruptions: Array.from({ length: count }, (_, i) => ({ instanceId: `i-${i}`, at })),
  });

  it('buy what is missing if there are many within the time', () => {
    expect(decide(interrupted(10), { desired: 20, spot: 10 }).base).toBe(10);
  });

  it('buy nothing if they are few, or long ago', () => {
    expect(decide(interrupted(9), { desired: 20, spot: 11 }).base).toBeUndefined();
    expect(decide(interrupted(10, NOW - 11 * MINUTE), { desired: 20, spot: 10 }).base).toBeUndefined();
  });
});

describe('the way back', () => {
  it('begins after the calm time, with one instance, and doubles its steps', () => {
    let record = fallenBack();
    expect(decide(record, { base: 4, spot: 6, onDemand: 4, now: NOW + 29 * MINUTE }).base).toBeUndefined();

    const bases: number[] = [4];
    for (let now = NOW + 30 * MINUTE; now < NOW + 2 * HOUR; now += 5 * MINUTE) {
      const base = bases.at(-1) ?? 0;
      const decision = decide(record, { base, spot: 10 - base, onDemand: base, now });
      record = decision.record;
      if (decision.base !== undefined) bases.push(decision.base);
    }
    expect(bases).toEqual([4, 3, 1, 0]);
    expect(record.fallBack).toBeUndefined();
    expect(record.notice).toMatchObject({ kind: 'returned', to: 0 });
  });

  it('ends at the floor', () => {
    const now = NOW + 30 * MINUTE;

    expect(decide(fallenBack(), { base: 4, spot: 6, floor: 4, now }).outcome).toBe('returned to Spot');
    expect(decide(fallenBack(), { base: 4, spot: 6, floor: 3, now }).base).toBe(3);
  });

  it('skips bases beyond the desired capacity, which have no effect', () => {
    const record = decide(newRecord('workers'), { desired: 50, spot: 10, failures: [DRY] }).record;

    expect(
      decide(record, { desired: 20, base: 40, spot: 0, onDemand: 20, now: NOW + 30 * MINUTE }).base,
    ).toBe(19);
  });

  it('asks Spot for everything that On-Demand cannot give either', () => {
    expect(decide(fallenBack(), { base: 4, spot: 6, onDemand: 1, now: NOW + 30 * MINUTE }).base).toBe(1);
  });

  it('doubles the calm time at each relapse, up to a limit', () => {
    let record = fallenBack();
    let now = NOW;
    const waits: number[] = [];
    for (let relapse = 0; relapse < 7; relapse += 1) {
      const since = now;
      let decision = decide(record, { base: 4, spot: 6, onDemand: 4, now });
      while (decision.base === undefined) {
        now += MINUTE;
        decision = decide(record, { base: 4, spot: 6, onDemand: 4, now });
      }
      waits.push((now - since) / MINUTE);
      record = decide(decision.record, { base: 3, spot: 6, failures: [{ ...DRY, at: now }], now }).record;
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 480, 480]);
  });

  it('counts a fall-back soon after the return as a relapse, and one much later as none', () => {
    const back = decide(fallenBack(), { base: 0, spot: 10, now: NOW }).record;
    const returned: FallBackDraft = { ...newRecord('workers'), returnedAt: NOW, relapses: 2 };
    const soon = decide(returned, { spot: 6, failures: [{ ...DRY, at: NOW + HOUR }], now: NOW + HOUR });
    const later = NOW + 7 * HOUR;

    expect(back.fallBack).toBeDefined();
    expect(soon.record.relapses).toBe(3);
    expect(decide(returned, { spot: 6, failures: [{ ...DRY, at: later }], now: later }).record.relapses).toBe(
      0,
    );
  });
});

describe('a person who changes the group', () => {
  it.each([
    ['the base', { base: 7 }],
    ['the percentage', { base: 4, percentage: 20 }],
  ])('keeps what they set: %s', (_, changed) => {
    const { base, outcome, record } = decide(fallenBack(), { ...changed, spot: 6, failures: [DRY] });

    expect(base).toBeUndefined();
    expect(outcome).toMatch(/^let go/);
    expect(record.fallBack).toBeUndefined();
    expect(record.notice?.kind).toBe('let go');
  });

  it('is not assumed if a step was cut short, which is repeated at once', () => {
    const stepped = decide(fallenBack(), { base: 4, spot: 6, onDemand: 4, now: NOW + 30 * MINUTE }).record;
    const again = decide(stepped, { base: 4, spot: 6, onDemand: 4, now: NOW + 31 * MINUTE });

    expect(again.base).toBe(3);
    expect(again.record).toBe(stepped);
  });

  it('is not assumed if our own change was cut short', () => {
    expect(decide(fallenBack(), { base: 0, spot: 6, failures: [DRY] }).base).toBe(4);
  });
});

describe('any history', () => {
  it('keeps every promise', () => {
    for (let seed = 1; seed <= 60; seed += 1) replay(seed);
  });
});

/** A small market at random: what the group has depends on what we set. */
function replay(seed: number): void {
  const random = createRandom(seed);
  const recorded = Math.floor(random() * 4);
  const floor = Math.floor(random() * 6);
  const percentage = [0, 0, 20, 50][Math.floor(random() * 4)] ?? 0;
  let record: FallBackDraft = newRecord('workers');
  let base = recorded;
  let desired = 20;
  for (let now = NOW; now < NOW + 30 * HOUR; now += 5 * MINUTE) {
    if (random() < 0.1) desired = 5 + Math.floor(random() * 30);
    const wanted = spotTarget(desired, { base, percentage });
    const spot = random() < 0.2 ? Math.floor(random() * (wanted + 1)) : wanted;
    const failures = spot < wanted ? [{ ...DRY, at: now }] : [];
    const decision = decide(record, {
      base,
      desired,
      floor,
      percentage,
      spot,
      onDemand: desired - wanted,
      failures,
      now,
    });
    expectPromises({ record, decision, base, desired, floor, percentage, recorded, spot });
    record = decision.record;
    base = decision.base ?? base;
  }
}

interface Moment {
  readonly record: FallBackDraft;
  readonly decision: FallBackDecision;
  readonly base: number;
  readonly desired: number;
  readonly floor: number;
  readonly percentage: number;
  readonly recorded: number;
  readonly spot: number;
}

function expectPromises({
  record,
  decision,
  base,
  desired,
  floor,
  percentage,
  recorded,
  spot,
}: Moment): void {
  const next = decision.base;
  // What was recorded never changes while the group is fallen back, and nobody else is suspected.
  expect(decision.outcome).not.toMatch(/^let go/);
  if (record.fallBack && decision.record.fallBack)
    expect(decision.record.fallBack.original).toEqual(record.fallBack.original);
  if (!decision.record.fallBack) expect(base).toBeLessThanOrEqual(Math.max(recorded, floor));
  if (next === undefined) return;
  if (next > base) {
    expect(spotTarget(desired, { base: next - 1, percentage })).toBeGreaterThan(spot);
    expect(next).toBeLessThanOrEqual(desired);
  } else {
    expect(next).toBeGreaterThanOrEqual(Math.max(recorded, floor));
    expect(record.fallBack).toBeDefined();
  }
  // What we are about to write is known as ours before it is written.
  expect(decision.record.fallBack?.bases).toContain(next);
  expect(withBase(decision.record.fallBack?.original ?? {}, 0)).toMatchObject({ OnDemandBaseCapacity: 0 });
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
