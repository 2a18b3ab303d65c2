import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Call } from '../local/account/types.ts';
import { type Pack, startPack } from '../local/pack/pack.ts';
import { findPython } from '../local/python/find.ts';
import { discoverScenarios } from '../local/scenario-kit/run.ts';
import type { Scenario } from '../local/scenario-kit/scenario.ts';
import { transform } from '../local/stack/transform.ts';
import { functionIds, grantedActions, type IamTemplate, iamOffences, withActions } from './support/iam.ts';
import { judge, type Played, play, type Strike, strikesFor } from './support/sweep.ts';

// Two packs side by side, one for each core: the sweep is more than a thousand runs.
const PACKS = 2;
const MINUTES = 60_000;

const scenarios = await discoverScenarios();
const calls: Call[] = [];
const undisturbed = new Map<Scenario, Played>();
const packs: Pack[] = [];
let template: IamTemplate;

beforeAll(async () => {
  process.env.GROUNDCREW_SWIFT = '1';
  const executable = await findPython(() => {});
  template = (await transform(executable, 'template.yaml')) as unknown as IamTemplate;
  for (let i = 0; i < PACKS; i++) packs.push(await startPack({ port: 0 }));
}, 5 * MINUTES);

afterAll(async () => {
  await Promise.all(packs.map((pack) => pack.close()));
});

describe('every scenario', () => {
  // As many at once as there are packs: maxConcurrency in vitest.config.ts.
  it.concurrent.each(scenarios)('$wing: $name', { timeout: 4 * MINUTES }, async (scenario) => {
    const pack = packs.pop();
    if (!pack) throw new Error('no pack is idle');
    const played = await play(pack, scenario).finally(() => packs.push(pack));
    undisturbed.set(scenario, played);
    calls.push(...played.calls);
    scenario.expect(played.outcome, played.calls);
  });
});

describe('every scenario ends alike under every fault', () => {
  it.each(scenarios.filter(({ sweep }) => sweep !== false))(
    '$wing: $name',
    { timeout: 9 * MINUTES },
    async (scenario) => {
      const before = undisturbed.get(scenario);
      if (!before) throw new Error('the undisturbed run failed');
      const strikes = strikesFor(before.calls);
      const faults: string[] = [];
      await share(strikes, async (pack, strike) => {
        const fault = await suffer(pack, scenario, strike, before);
        if (fault) faults.push(`${strike.kind} at ${strike.function}'s call ${strike.call}: ${fault}`);
      });
      expect(faults).toEqual([]);
      expect(strikes.length).toBeGreaterThan(0);
    },
  );
});

describe('every role allows exactly what its function does', () => {
  it('over all scenarios and faults', () => {
    expect(functionIds(template).length).toBeGreaterThan(0);
    expect(iamOffences(template, calls)).toEqual([]);
  });

  it('and each action that was missing or to spare would be noticed', () => {
    for (const id of functionIds(template)) {
      for (const action of grantedActions(template, id)) {
        const less = withActions(template, id, (actions) => actions.filter((one) => one !== action));
        expect(iamOffences(less, calls)).toEqual([`${id} needs ${action}`]);
      }
      const more = withActions(template, id, (actions) => [...actions, 'ec2:StopInstances']);
      expect(iamOffences(more, calls)).toEqual([`${id} never needs ec2:StopInstances`]);
    }
  });
});

async function suffer(
  pack: Pack,
  scenario: Scenario,
  strike: Strike,
  before: Played,
): Promise<string | undefined> {
  try {
    const played = await play(pack, scenario, strike);
    calls.push(...played.calls);
    return judge(before.outcome, played.outcome, strike.kind);
  } catch (error) {
    return `it could not be played to its end: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Hands the strikes to whichever pack is idle. */
async function share(
  strikes: readonly Strike[],
  work: (pack: Pack, strike: Strike) => Promise<void>,
): Promise<void> {
  const queue = [...strikes];
  await Promise.all(
    packs.map(async (pack) => {
      for (let strike = queue.shift(); strike; strike = queue.shift()) await work(pack, strike);
    }),
  );
}
