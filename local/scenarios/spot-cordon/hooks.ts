import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import { releaseEvents, setEventDelivery } from '../../scenario-kit/markets.ts';
import type { Scenario } from '../../scenario-kit/scenario.ts';
import {
  createHookedGroup,
  HOOK,
  type HookedFleet,
  heldOf,
  observeHooked,
  repeatEvents,
  skipHeartbeat,
  terminateFirst,
} from './hooked-fleet.ts';

type Parts = Omit<Scenario<HookedFleet>, 'name' | 'observe' | 'wing'>;

function hookScenario(name: string, parts: Parts): Scenario<HookedFleet> {
  return { wing: 'spot-cordon', name, observe: observeHooked, ...parts };
}

export const hookScenarios = [
  hookScenario('a terminate hook holds an instance with nothing to drain', {
    arrange: (world) => createHookedGroup(world, { hookToComplete: HOOK }),
    act: terminateFirst,
    expect(outcome, calls) {
      const { deadLetters, group, results } = heldOf(outcome);
      assert.deepEqual([group, deadLetters], [['out', 'InService'], 0]);
      assert.deepEqual(results, ['CONTINUE']);
      assert.equal(countCalls(calls, 'DeregisterTargets'), 0);
      assert.equal(countCalls(calls, 'SendMessageBatch'), 0);
    },
  }),

  hookScenario('a terminate hook holds an instance while its load balancers drain', {
    arrange: (world) => createHookedGroup(world, { hookToComplete: HOOK, drainSeconds: 15 }),
    act: terminateFirst,
    expect(outcome, calls) {
      const { deadLetters, group, results, targets } = heldOf(outcome);
      assert.deepEqual([group, deadLetters], [['out', 'InService'], 0]);
      assert.deepEqual(targets, ['instance 2:8080', 'instance 2:classic']);
      assert.deepEqual(results, ['CONTINUE']);
      assert.equal(countCalls(calls, 'DeregisterTargets'), 1);
    },
  }),

  hookScenario('a drain takes longer than the heartbeat timeout of the terminate hook', {
    sweep: false, // its calls are those of the scenario before, several times
    arrange: (world) => createHookedGroup(world, { hookToComplete: HOOK, drainSeconds: 70 }),
    act: terminateFirst,
    expect(outcome, calls) {
      const { deadLetters, group, results } = heldOf(outcome);
      assert.deepEqual([group, deadLetters], [['out', 'InService'], 0]);
      // Without heartbeats the hook would have ended after 60 seconds, and nobody could have completed it.
      assert.deepEqual(results, ['CONTINUE']);
      assert.ok(countCalls(calls, 'RecordLifecycleActionHeartbeat') > 1);
    },
  }),

  hookScenario('the event of a terminate hook comes when its action is over', {
    arrange: (world) => createHookedGroup(world, { hookToComplete: HOOK, drainSeconds: 15 }),
    async act(world, fleet) {
      setEventDelivery(world, 'held');
      await terminateFirst(world, fleet);
      await skipHeartbeat(world);
      setEventDelivery(world, 'at once');
      await releaseEvents(world);
      await world.settle();
    },
    expect(outcome, calls) {
      const { deadLetters, group, results } = heldOf(outcome);
      assert.deepEqual([group, deadLetters, results], [['out', 'InService'], 0, []]);
      assert.equal(countCalls(calls, 'DeregisterTargets'), 0);
    },
  }),

  hookScenario('the event of a terminate hook comes twice', {
    sweep: false, // its calls are those of the scenario with load balancers, twice
    arrange: (world) => createHookedGroup(world, { hookToComplete: HOOK, drainSeconds: 15 }),
    async act(world, fleet) {
      setEventDelivery(world, 'held');
      await terminateFirst(world, fleet);
      repeatEvents(world);
      await releaseEvents(world);
      await world.settle();
    },
    expect(outcome) {
      const { deadLetters, group, results, targets } = heldOf(outcome);
      assert.deepEqual([group, deadLetters], [['out', 'InService'], 0]);
      assert.deepEqual([results, targets], [['CONTINUE'], ['instance 2:8080', 'instance 2:classic']]);
    },
  }),

  hookScenario("somebody else's terminate hook holds an instance", {
    sweep: false, // one read, which the other scenarios sweep
    arrange: (world) => createHookedGroup(world, { hookToComplete: 'another-hook', drainSeconds: 15 }),
    act: terminateFirst,
    expect(outcome, calls) {
      const { deadLetters, group, results, targets } = heldOf(outcome);
      assert.deepEqual([group, deadLetters], [['Terminating:Wait', 'InService'], 0]);
      assert.deepEqual([results, targets.length], [[], 4]);
      const made = calls.filter((call) => call.function === 'CompleteTerminations');
      assert.deepEqual(
        made.map(({ action }) => action),
        ['DescribeAutoScalingGroups'],
      );
    },
  }),
];
