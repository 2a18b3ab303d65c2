import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import {
  releaseEvents,
  setEventDelivery,
  setOnDemandBase,
  setPoolCapacity,
} from '../../scenario-kit/markets.ts';
import type { World } from '../../scenario-kit/world.ts';
import {
  ALL_SPOT,
  createWorkers,
  fallBackScenario,
  interruptWorkers,
  MINUTE,
  sweepFor,
  workersOf,
} from './mixed-fleet.ts';

const FELL_BACK = 'Group mixed-workers gets On-Demand instead of Spot';
const STEP = 'Group mixed-workers starts to return to Spot';
const RETURNED = 'Group mixed-workers is back on Spot';
const LET_GO = 'Group mixed-workers was changed by somebody else';

export const fallBackScenarios = [
  fallBackScenario('the Spot market dries up in one pool, and other pools have capacity', {
    arrange: createWorkers,
    async act(world) {
      setPoolCapacity(world, 'm5.large/eu-west-1a/spot', 0);
      setPoolCapacity(world, 'c5.large/eu-west-1a/spot', 0);
      await interruptWorkers(world, 2);
    },
    expect(outcome, calls) {
      const { base, onDemand, spot } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [0, 6, 0]);
      assert.equal(countCalls(calls, 'UpdateAutoScalingGroup'), 0);
      assert.deepEqual(outcome.mails, []);
    },
  }),

  fallBackScenario('the Spot market dries up in all pools, and a group falls back to On-Demand', {
    arrange: createWorkers,
    async act(world) {
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 4);
    },
    expect(outcome) {
      const { base, deadLetters, onDemand, percentage, records, spot, strategy } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [4, 2, 4]);
      assert.deepEqual([percentage, strategy], [0, 'price-capacity-optimized']);
      assert.deepEqual(records, [{ isFallenBack: true, relapses: 0 }]);
      assert.deepEqual([outcome.mails, deadLetters], [[FELL_BACK], 0]);
    },
  }),

  fallBackScenario('the Spot market comes back, and the group takes the first step', {
    arrange: createWorkers,
    before: fallBack,
    async act(world) {
      setPoolCapacity(world, ALL_SPOT, 50);
      world.clock.skip(26 * MINUTE);
      await sweepFor(world, 10);
    },
    expect(outcome) {
      const { base, onDemand, spot } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [2, 4, 2]);
      assert.deepEqual(outcome.mails, [FELL_BACK, STEP]);
    },
  }),

  fallBackScenario('the Spot market comes back, and the group returns in steps to what it had', {
    sweep: false, // its calls are those of the scenario before, many times
    arrange: (world) => createWorkers(world, { onDemandBase: 1 }),
    async act(world) {
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 3);
      setPoolCapacity(world, ALL_SPOT, 50);
      await sweepFor(world, 110);
    },
    expect(outcome) {
      const { base, onDemand, records, spot } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [1, 5, 1]);
      assert.deepEqual(records, [{ isFallenBack: false, relapses: 0 }]);
      assert.deepEqual(outcome.mails, [FELL_BACK, STEP, RETURNED]);
    },
  }),

  fallBackScenario('the Spot market is still dry at the first step back: a relapse', {
    sweep: false, // its calls are those of the scenarios before, many times
    arrange: createWorkers,
    async act(world) {
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 3);
      await sweepFor(world, 50);
    },
    expect(outcome) {
      const { base, onDemand, records, spot } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [3, 3, 3]);
      assert.deepEqual(records, [{ isFallenBack: true, relapses: 1 }]);
      assert.deepEqual(outcome.mails, [FELL_BACK, STEP, FELL_BACK]);
    },
  }),

  fallBackScenario('a person edits a group that has fallen back', {
    arrange: createWorkers,
    before: fallBack,
    async act(world) {
      await setOnDemandBase(world, 'mixed-workers', 5);
      setPoolCapacity(world, ALL_SPOT, 50);
      await sweepFor(world, 10);
    },
    expect(outcome) {
      const { base, records } = workersOf(outcome);
      assert.equal(base, 5);
      assert.deepEqual(records, [{ isFallenBack: false, relapses: 0 }]);
      assert.deepEqual(outcome.mails, [FELL_BACK, LET_GO]);
    },
  }),

  fallBackScenario('the events of failed launches are lost, and a sweep finds the failures', {
    arrange: createWorkers,
    async act(world) {
      setEventDelivery(world, 'lost');
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 3);
      await sweepFor(world, 10);
    },
    expect(outcome) {
      const { base, onDemand, spot } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [3, 3, 3]);
      assert.deepEqual(outcome.mails, [FELL_BACK]);
    },
  }),

  fallBackScenario('the events of failed launches come late, when nothing is missing any more', {
    arrange: createWorkers,
    async act(world) {
      setEventDelivery(world, 'held');
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 3);
      setPoolCapacity(world, ALL_SPOT, 50);
      setEventDelivery(world, 'at once');
      await interruptWorkers(world, 0);
      await releaseEvents(world);
      await world.settle();
    },
    expect(outcome, calls) {
      const { base, onDemand, spot } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [0, 6, 0]);
      assert.equal(countCalls(calls, 'UpdateAutoScalingGroup'), 0);
    },
  }),
];

/** Swept in the scenario of the market that dries up in all pools. */
async function fallBack(world: World): Promise<void> {
  setPoolCapacity(world, ALL_SPOT, 0);
  await interruptWorkers(world, 3);
}
