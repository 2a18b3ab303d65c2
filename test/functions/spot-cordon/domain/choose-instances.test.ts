import { describe, expect, it } from 'vitest';
import {
  type Choice,
  chooseInstances,
  type KnownWorkers,
} from '../../../../functions/spot-cordon/domain/choose-instances.ts';
import type { Severity } from '../../../../functions/spot-cordon/domain/disruption.ts';
import type {
  Candidate,
  TerminationRequest,
} from '../../../../functions/spot-cordon/domain/termination-request.ts';

const candidate = (instanceId: string, zone = 'a', market = 'spot'): Candidate => ({
  instanceId,
  zone,
  market,
});
const wanted = (count: number, zone = 'a', market = 'spot') => ({ zone, market, count });

function request(capacity: TerminationRequest['capacity'], candidates: readonly Candidate[]) {
  return { group: 'workers', cause: 'SCALE_IN', capacity, candidates };
}

function known(busy: Record<string, number> = {}, cordoned: Record<string, Severity> = {}): KnownWorkers {
  return { busySince: new Map(Object.entries(busy)), cordoned: new Map(Object.entries(cordoned)) };
}

const ids = (choices: readonly Choice[]): string[] => choices.map(({ instanceId }) => instanceId);

describe('the choice', () => {
  const five = ['1', '2', '3', '4', '5'].map((id) => candidate(id));

  it.each([
    ['idle ones, as Auto Scaling lists them', 2, known(), false, ['1', '2'], 0],
    ['cordoned ones first', 2, known({}, { 4: 'rebalance' }), false, ['4', '1'], 0],
    [
      'the most urgent cordon first',
      2,
      known({}, { 2: 'rebalance', 3: 'scheduled', 4: 'interruption' }),
      false,
      ['4', '3'],
      0,
    ],
    ['no busy ones', 4, known({ 1: 10, 2: 20, 3: 30 }), false, ['4', '5'], 2],
    [
      'no busy one because of its cordon',
      4,
      known({ 1: 10, 2: 20 }, { 1: 'interruption' }),
      false,
      ['3', '4', '5'],
      1,
    ],
    [
      'the longest-running busy ones, if that is allowed',
      4,
      known({ 1: 30, 2: 10, 3: 20 }),
      true,
      ['4', '5', '2', '3'],
      0,
    ],
    ['all, if more are wanted', 9, known({ 3: 10 }), true, ['1', '2', '4', '5', '3'], 4],
    ['nobody, if nobody is wanted', 0, known(), false, [], 0],
  ])('%s', (_, count, workers, mayTakeBusy, chosen, missing) => {
    const result = chooseInstances(request([wanted(count)], five), workers, { mayTakeBusy });

    expect([ids(result.choices), result.missing]).toEqual([chosen, missing]);
  });

  it('is made by zone and market, and adds up entries of the same zone and market', () => {
    const capacity = [wanted(1), wanted(1, 'b', 'on-demand'), wanted(1), wanted(2, 'b')];
    const candidates = [
      candidate('1', 'b', 'on-demand'),
      candidate('2', 'b', 'on-demand'),
      candidate('3'),
      candidate('4'),
      candidate('5'),
      candidate('6', 'b'),
      candidate('7', 'c'),
    ];
    const { choices, missing } = chooseInstances(request(capacity, candidates), known(), {
      mayTakeBusy: false,
    });

    expect([ids(choices).sort(), missing]).toEqual([['1', '3', '4', '6'], 1]);
  });

  it('names an instance once, also if the request names it twice', () => {
    const twice = [candidate('1'), candidate('1'), candidate('2')];
    const { choices, missing } = chooseInstances(request([wanted(3)], twice), known(), {
      mayTakeBusy: false,
    });

    expect([ids(choices), missing]).toEqual([['1', '2'], 1]);
  });
});

/** The same numbers in every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const severities: readonly Severity[] = ['rebalance', 'scheduled', 'interruption'];

function randomCase(random: (below: number) => number) {
  const candidates = Array.from({ length: random(6) }, (_, at) =>
    candidate(`i-${at}`, 'ab'[random(2)], ['spot', 'on-demand'][random(2)]),
  );
  const capacity = Array.from({ length: random(4) }, () =>
    wanted(random(3), 'ab'[random(2)], ['spot', 'on-demand'][random(2)]),
  );
  const busySince = new Map<string, number>();
  const cordoned = new Map<string, Severity>();
  for (const { instanceId } of candidates) {
    if (random(2) === 0) busySince.set(instanceId, 1 + random(50));
    if (random(3) === 0) cordoned.set(instanceId, severities[random(3)] ?? 'rebalance');
  }
  return {
    request: request(capacity, candidates),
    workers: { busySince, cordoned },
    mayTakeBusy: random(2) === 0,
  };
}

/** Better is greater, in this order: how many, how many of them idle, how urgent the cordons of idle ones, how long busy. */
function score(chosen: readonly Candidate[], { busySince, cordoned }: KnownWorkers): readonly number[] {
  const idle = chosen.filter(({ instanceId }) => !busySince.has(instanceId));
  const urgent = (from: number): number =>
    idle.filter(
      ({ instanceId }) =>
        severities.indexOf(cordoned.get(instanceId) ?? 'rebalance') >= from && cordoned.has(instanceId),
    ).length;
  const busyFor = chosen.reduce((sum, { instanceId }) => sum + 100 - (busySince.get(instanceId) ?? 100), 0);
  return [chosen.length, idle.length, urgent(0), urgent(1), urgent(2), busyFor];
}

function isBetter(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}

/** Tries every set of candidates that no zone and market has too many of. */
function bestScore({
  mayTakeBusy,
  request: asked,
  workers,
}: ReturnType<typeof randomCase>): readonly number[] {
  const allowed = asked.candidates.filter(
    ({ instanceId }) => mayTakeBusy || !workers.busySince.has(instanceId),
  );
  let best = score([], workers);
  for (let set = 1; set < 2 ** allowed.length; set += 1) {
    const some = allowed.filter((_, at) => (set & (1 << at)) !== 0);
    if (!fits(some, asked)) continue;
    const one = score(some, workers);
    if (isBetter(one, best)) best = one;
  }
  return best;
}

function fits(some: readonly Candidate[], { capacity }: TerminationRequest): boolean {
  return some.every(({ market, zone }) => {
    const isSame = (one: { zone: string; market: string }): boolean =>
      one.zone === zone && one.market === market;
    const allowed = capacity.filter(isSame).reduce((sum, { count }) => sum + count, 0);
    return some.filter(isSame).length <= allowed;
  });
}

it('is the best of all possible ones, for 100,000 random requests', () => {
  const random = createRandom(7);
  for (let run = 0; run < 100_000; run += 1) {
    const one = randomCase(random);
    const { choices, missing } = chooseInstances(one.request, one.workers, one);
    const chosen = one.request.candidates.filter(({ instanceId }) => ids(choices).includes(instanceId));
    const total = one.request.capacity.reduce((sum, { count }) => sum + count, 0);
    const found = score(chosen, one.workers);
    if (
      choices.length + missing !== total ||
      chosen.length !== choices.length ||
      !fits(chosen, one.request) ||
      `${found}` !== `${bestScore(one)}`
    )
      expect.fail(
        `not the best choice for ${JSON.stringify({ ...one, chosen, found, best: bestScore(one) })}`,
      );
  }
});
