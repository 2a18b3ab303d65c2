import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../build.ts';
import { type Pack, startPack } from '../../local/pack/pack.ts';
import { discoverScenarios } from '../../local/scenario-kit/discover.ts';
import type { Scenario } from '../../local/scenario-kit/scenario.ts';
import { makeProject } from '../support/bundles/project.ts';
import { runWithFault } from '../support/scenarios/sweep.ts';

const PER_WING = 3;

const scenarios = await discoverScenarios();
const chosen = [...Map.groupBy(scenarios, ({ wing }) => wing).values()].flatMap((some) =>
  some.slice(0, PER_WING),
);

describe('bundles without any slimming', () => {
  const scratch = makeProject({});
  let pack: Pack;

  beforeAll(async () => {
    const { warnings } = await build({ outdir: scratch.root, plugins: [] });
    expect(warnings).toEqual([]);
    process.env.GROUNDCREW_SWIFT = '1';
    pack = await startPack({ port: 0, dist: scratch.root });
  });

  afterAll(async () => {
    await pack?.close();
    scratch[Symbol.dispose]();
  });

  test.each(chosen)('pass: $wing: $name', async (scenario: Scenario) => {
    const { outcome, calls } = await runWithFault(pack, scenario);

    scenario.expect(outcome, calls);
  });
});
