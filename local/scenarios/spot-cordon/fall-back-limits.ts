import assert from 'node:assert/strict';
import {
  AutoScalingClient,
  StartInstanceRefreshCommand,
  SuspendProcessesCommand,
} from '@aws-sdk/client-auto-scaling';
import { countCalls } from '../../scenario-kit/calls.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import { announceInterruptions, markets, setPoolCapacity } from '../../scenario-kit/markets.ts';
import { interruptionWarning } from './events.ts';
import {
  ALL_SPOT,
  createWorkers,
  fallBackScenario,
  interruptWorkers,
  MIXED,
  sweepFor,
  workersOf,
} from './mixed-fleet.ts';

// What a fall-back does not fix, where it ends, and which groups it leaves alone.

const FELL_BACK = 'Group mixed-workers gets On-Demand instead of Spot';
const CANNOT = 'Group mixed-workers cannot launch instances';

export const fallBackLimitScenarios = [
  fallBackScenario('a quota instead of capacity: people are notified once, and nothing changes', {
    arrange: createWorkers,
    async act(world) {
      markets(world).quotas.spot = 3;
      await interruptWorkers(world, 4);
    },
    after: (world) => sweepFor(world, 10),
    expect(outcome, calls) {
      assert.equal(workersOf(outcome).base, 0);
      assert.equal(countCalls(calls, 'UpdateAutoScalingGroup'), 0);
      assert.deepEqual(outcome.mails, [CANNOT]);
    },
  }),

  fallBackScenario('a launch template that EC2 refuses: people are notified once', {
    sweep: false, // except for the text, the calls are those of the scenario before
    arrange: createWorkers,
    async act(world) {
      markets(world).launchError =
        'Could not launch Spot Instances. InvalidFleetConfiguration - Your requested instance type is not supported.';
      await interruptWorkers(world, 2);
    },
    expect(outcome, calls) {
      assert.equal(countCalls(calls, 'UpdateAutoScalingGroup'), 0);
      assert.deepEqual(outcome.mails, [CANNOT]);
    },
  }),

  fallBackScenario('ten interruptions within ten minutes, before a launch has failed', {
    sweep: false, // what is missing depends on which instances the group has exchanged when a fault ends
    arrange: (world) => createWorkers(world, { size: 12 }),
    async act(world) {
      const ids = announceInterruptions(world, MIXED, 10);
      await world.put(...ids.map((id) => interruptionWarning(world, id)));
      await world.settle();
    },
    expect(outcome) {
      const { base, onDemand } = workersOf(outcome);
      assert.equal(base, 10);
      // The group exchanges a tenth at a time; the rest follows when EC2 takes the interrupted instances.
      assert.ok(onDemand >= 2);
      assert.deepEqual(outcome.mails, [FELL_BACK]);
    },
  }),

  fallBackScenario('the way back ends at what Reserved Instances pay for', {
    sweep: false, // its calls are those of a way back, and two reads
    arrange: createWorkers,
    async act(world) {
      emulatedState(world, 'ec2').reservedInstances.push({ instanceType: 'm5.xlarge', instanceCount: 1 });
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 4);
      setPoolCapacity(world, ALL_SPOT, 50);
      await sweepFor(world, 110);
    },
    expect(outcome) {
      const { base, onDemand, records, spot } = workersOf(outcome);
      assert.deepEqual([base, spot, onDemand], [2, 4, 2]);
      assert.deepEqual(records, [{ isFallenBack: false, relapses: 0 }]);
    },
  }),

  fallBackScenario('a group without the tag, in a dry market', {
    sweep: false, // it makes no call but a read
    arrange: (world) => createWorkers(world, { tags: {} }),
    async act(world) {
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 4);
      await sweepFor(world, 10);
    },
    expect: (_, calls) => assert.equal(countCalls(calls, 'UpdateAutoScalingGroup'), 0),
  }),

  fallBackScenario('a group whose launches are suspended, in a dry market', {
    sweep: false, // it makes no call but a read
    arrange: createWorkers,
    async act(world) {
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 2);
      const suspend = new SuspendProcessesCommand({
        AutoScalingGroupName: MIXED,
        ScalingProcesses: ['Launch'],
      });
      await world.client(AutoScalingClient).send(suspend);
      await sweepFor(world, 60);
    },
    expect(outcome) {
      assert.equal(workersOf(outcome).base, 2);
      assert.deepEqual(outcome.mails, [FELL_BACK]);
    },
  }),

  fallBackScenario('a group with an instance refresh under way, in a dry market', {
    sweep: false, // it makes no call but a read
    async arrange(world) {
      await createWorkers(world);
      const refresh = new StartInstanceRefreshCommand({ AutoScalingGroupName: MIXED });
      await world.client(AutoScalingClient).send(refresh);
    },
    async act(world) {
      setPoolCapacity(world, ALL_SPOT, 0);
      await interruptWorkers(world, 4);
    },
    expect: (_, calls) => assert.equal(countCalls(calls, 'UpdateAutoScalingGroup'), 0),
  }),
];
