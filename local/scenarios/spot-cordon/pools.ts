import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import {
  createGroup,
  createTargetGroup,
  listTargets,
  registerTargets,
  runSpotInstances,
} from '../../scenario-kit/fleet.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
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

/** Instances in one target group that no Auto Scaling group fills again. */
async function createLonePool(world: World, drain: string, size = 4): Promise<Pool> {
  const ids = await runSpotInstances(world, size, { ...MANAGED, 'groundcrew:drain': drain });
  const arn = await createTargetGroup(world, 'pool');
  await registerTargets(
    world,
    arn,
    ids.map((Id) => ({ Id, Port: 8080 })),
  );
  return { ids, targetGroups: [arn], healthy: [] };
}

/** An Auto Scaling group behind one load balancer. */
async function createServingPool(world: World, size: number): Promise<Pool> {
  const arn = await createTargetGroup(world, 'pool');
  const ids = await createGroup(world, { name: GROUP, size, tags: OPT_IN }, { TargetGroupARNs: [arn] });
  return { ids, targetGroups: [arn], healthy: [] };
}

/** Which instances were mailed about: how many share a mail depends on when a fault lets them be cordoned. */
async function observePool(world: World, pool: Pool): Promise<Outcome> {
  const texts = world.mails().map(({ text }) => text);
  const mails = texts.flatMap((text) => pool.ids.filter((id) => text.includes(id)));
  const named = mails.map((id) => `instance ${pool.ids.indexOf(id) + 1}`).sort();
  return { ...(await observe(world, pool)), mails: named, detail: pool.healthy };
}

// The large ones are not in the fault sweep: they watch every second, and their calls are those of the small one.
export const poolScenarios = [
  scenario<Pool>('two instances behind one load balancer are warned at once, with replacements', {
    arrange: (world) => createServingPool(world, 2),
    async act(world, pool) {
      await world.put(...pool.ids.map((id) => interruptionWarning(world, id)));
      await world.settle();
    },
    observe: observePool,
    expect(outcome, calls) {
      const { targets, group, records, deadLetters } = stateOf(outcome);
      assert.deepEqual(targets, [['another:8080', 'another:8080']]);
      assert.deepEqual(group, { size: 2, ours: ['out', 'out'] });
      assert.deepEqual([records.length, deadLetters], [2, 0]);
      assert.deepEqual(outcome.effects, ['replacement', 'replacement']);
      assert.deepEqual(outcome.mails, ['instance 1', 'instance 2']);
      // The second one waited for the replacement of the first.
      assert.equal(countCalls(calls, 'DetachInstances'), 2);
    },
  }),

  scenario<Pool>('two instances behind one load balancer are warned late, without replacements', {
    sweep: false, // the calls are those of the scenario before, but the waiting repeats them
    arrange: (world) => createLonePool(world, 'true', 2),
    async act(world, pool) {
      const events = pool.ids.map((id) => interruptionWarning(world, id));
      world.clock.skip(75 * SECOND);
      await world.put(...events);
      await world.settle();
    },
    // Which of the two leaves depends on their ids and on the fault.
    async observe(world, pool) {
      const outcome = await observePool(world, pool);
      const { targets, ...state } = stateOf(outcome);
      return { ...outcome, state: { ...state, registered: targets.map(({ length }) => length) } };
    },
    expect(outcome) {
      const { tags, records, deadLetters } = stateOf(outcome);
      assert.deepEqual(tags, ['interruption', 'interruption']);
      assert.deepEqual(outcome.state, { ...stateOf(outcome), registered: [1] });
      assert.deepEqual([records.length, deadLetters], [2, 0]);
      assert.ok(records.every(({ steps }) => steps.includes('drain')));
    },
  }),

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
    arrange: (world) => createServingPool(world, 4),
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
