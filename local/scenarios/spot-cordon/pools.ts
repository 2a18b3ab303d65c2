import assert from 'node:assert/strict';
import type { World } from '../../pack/world.ts';
import {
  createGroup,
  createTargetGroup,
  listTargets,
  registerTargets,
  runSpotInstances,
} from '../../scenario-kit/fleet.ts';
import { interruptionWarning, rebalanceRecommendation } from './events.ts';
import { MANAGED, OPT_IN, scenario } from './fleet.ts';
import { type Fleet, GROUP, observe, stateOf } from './observe.ts';

const NOTICE = 120_000;
const SECOND = 1000;

interface Pool extends Fleet {
  /** How many healthy targets the target group had, second by second. */
  readonly healthy: number[];
}

async function watchNotice(world: World, { targetGroups = [], healthy }: Pool): Promise<void> {
  const [arn = ''] = targetGroups;
  const deadline = world.clock.now() + NOTICE;
  while (world.clock.now() < deadline) {
    healthy.push((await listTargets(world, arn)).length);
    await world.advance(SECOND);
  }
  await world.settle();
}

/** Four instances in one target group that no Auto Scaling group fills again. */
async function createLonePool(world: World, drain: string): Promise<Pool> {
  const ids = await runSpotInstances(world, 4, { ...MANAGED, 'groundcrew:drain': drain });
  const arn = await createTargetGroup(world, 'pool');
  await registerTargets(
    world,
    arn,
    ids.map((Id) => ({ Id, Port: 8080 })),
  );
  return { ids, targetGroups: [arn], healthy: [] };
}

// Not in the fault sweep: they watch every second, and their calls are those of other scenarios.
export const poolScenarios = [
  scenario<Pool>('a whole pool behind one load balancer is warned at once, without replacements', {
    sweep: false,
    arrange: (world) => createLonePool(world, 'true'),
    async act(world, pool) {
      await world.put(...pool.ids.map((id) => interruptionWarning(world, id)));
      await watchNotice(world, pool);
    },
    observe: async (world, pool) => ({ ...(await observe(world, pool)), detail: pool.healthy }),
    expect(outcome) {
      const healthy = outcome.detail;
      assert.ok(Array.isArray(healthy) && healthy.length > 10);
      assert.ok(Math.min(...healthy) >= 1, `a second without a healthy target: ${healthy}`);
      const { targets, records, deadLetters } = stateOf(outcome);
      assert.equal(targets[0]?.length, 1);
      assert.deepEqual([records.length, deadLetters], [4, 0]);
    },
  }),

  scenario<Pool>('a whole group behind one load balancer is warned at once, with replacements', {
    sweep: false,
    async arrange(world) {
      const arn = await createTargetGroup(world, 'pool');
      const group = { name: GROUP, size: 4, tags: OPT_IN };
      const ids = await createGroup(world, group, { TargetGroupARNs: [arn] });
      return { ids, targetGroups: [arn], healthy: [] };
    },
    async act(world, pool) {
      await world.put(...pool.ids.map((id) => interruptionWarning(world, id)));
      await watchNotice(world, pool);
    },
    observe: async (world, pool) => ({ ...(await observe(world, pool)), detail: pool.healthy }),
    expect(outcome) {
      const healthy = outcome.detail;
      assert.ok(Array.isArray(healthy) && healthy.length > 10);
      assert.ok(Math.min(...healthy) >= 2, `fewer than half of the healthy targets: ${healthy}`);
      assert.deepEqual(outcome.effects, ['replacement', 'replacement', 'replacement', 'replacement']);
      assert.deepEqual(stateOf(outcome).targets, [Array(4).fill('another:8080')]);
    },
  }),

  scenario<Pool>('a recommendation for every instance of a pool, without an interruption', {
    sweep: false,
    arrange: (world) => createLonePool(world, 'advice'),
    async act(world, pool) {
      await world.put(...pool.ids.map((id) => rebalanceRecommendation(world, id)));
      await world.settle();
      pool.healthy.push((await listTargets(world, pool.targetGroups?.[0] ?? '')).length);
      world.clock.skip(5 * 60 * SECOND);
      await world.fire('UncordonInstancesSweep');
      await world.settle();
      pool.healthy.push((await listTargets(world, pool.targetGroups?.[0] ?? '')).length);
    },
    observe: async (world, pool) => ({ ...(await observe(world, pool)), detail: pool.healthy }),
    expect(outcome) {
      assert.deepEqual(outcome.detail, [2, 2]);
    },
  }),
];
