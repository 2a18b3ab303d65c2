import assert from 'node:assert/strict';
import {
  AttachInstancesCommand,
  AutoScalingClient,
  SuspendProcessesCommand,
} from '@aws-sdk/client-auto-scaling';
import { countCalls } from '../../scenario-kit/calls.ts';
import { describeInstances } from '../../scenario-kit/fleet.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { interruptionWarning, launchUnsuccessful } from './events.ts';
import { createPlainGroup, firstInstance, OPT_IN, scenario } from './fleet.ts';
import { type Fleet, GROUP, observe, stateOf, stepsOf } from './observe.ts';

// What follows an interruption that EC2 did not carry out, or a replacement that did not come.

const MINUTE = 60_000;
const CORDONED = 'Groundcrew cordoned 1 instance (1 interruption)';
const OUTLIVED = 'Groundcrew: 1 instance outlived an interruption';

async function interrupt(world: World, fleet: Fleet): Promise<void> {
  await world.put(interruptionWarning(world, firstInstance(fleet)));
  await world.settle();
}

/** The notice ends, and the instance still runs. */
async function outlive(world: World): Promise<void> {
  world.clock.skip(13 * MINUTE);
  await sweep(world);
}

async function sweep(world: World): Promise<void> {
  await world.fire('UncordonInstancesSweep');
  await world.settle();
}

async function observeInstances(world: World, fleet: Fleet): Promise<Outcome> {
  const outcome = await observe(world, fleet);
  const states = await describeInstances(world, fleet.ids);
  return {
    ...outcome,
    state: { ...stateOf(outcome), instances: fleet.ids.map((id) => states.get(id)?.state) },
  };
}

function instanceStates({ state }: Outcome): unknown {
  return typeof state === 'object' && state !== null && 'instances' in state && state.instances;
}

function createExpendableGroup(world: World): Promise<Fleet> {
  return createPlainGroup(world, { ...OPT_IN, 'groundcrew:overdue': 'terminate' });
}

export const overdueScenarios = [
  scenario<Fleet>('EC2 does not take a detached instance, and its owner wants it to be terminated then', {
    arrange: createExpendableGroup,
    // Swept in the scenario of the replacement that cannot be launched.
    before: interrupt,
    async act(world) {
      await outlive(world);
      world.clock.skip(5 * MINUTE);
      await sweep(world);
    },
    // If a fault delays the report or the termination, a later sweep does it.
    async after(world) {
      for (let i = 0; i < 3; i++) {
        world.clock.skip(5 * MINUTE);
        await sweep(world);
      }
    },
    observe: observeInstances,
    expect(outcome, calls) {
      assert.deepEqual(instanceStates(outcome), ['terminated']);
      assert.deepEqual(stateOf(outcome).records, []);
      assert.deepEqual(outcome.events, [
        'Instance Cordoned: instance 1, interruption, terminate',
        'Instance Overdue: instance 1, interruption, terminate',
      ]);
      assert.deepEqual([outcome.mails, outcome.effects], [[CORDONED, OUTLIVED], ['replacement']]);
      assert.equal(countCalls(calls, 'TerminateInstances'), 1);
    },
  }),

  scenario<Fleet>('EC2 does not take a detached instance, and somebody attaches it to its group again', {
    sweep: false, // except for the termination, the calls are those of the scenario before
    arrange: createExpendableGroup,
    async act(world, fleet) {
      await interrupt(world, fleet);
      await outlive(world);
      const InstanceIds = [firstInstance(fleet)];
      const attach = new AttachInstancesCommand({ AutoScalingGroupName: GROUP, InstanceIds });
      await world.client(AutoScalingClient).send(attach);
      world.clock.skip(5 * MINUTE);
      await sweep(world);
    },
    observe: observeInstances,
    expect(outcome, calls) {
      assert.deepEqual(instanceStates(outcome), ['running']);
      assert.deepEqual(stateOf(outcome).group.ours, ['InService']);
      assert.deepEqual(outcome.mails, [CORDONED, OUTLIVED]);
      assert.equal(countCalls(calls, 'TerminateInstances'), 0);
    },
  }),

  scenario<Fleet>('the replacement of a detached instance cannot be launched', {
    arrange: (world) => createPlainGroup(world),
    async act(world, fleet) {
      await interrupt(world, fleet);
      await world.put(launchUnsuccessful(world, 'another-group'), launchUnsuccessful(world, GROUP));
      await world.settle();
      world.clock.skip(MINUTE);
      await world.put(launchUnsuccessful(world, GROUP));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(outcome.events, [
        'Instance Cordoned: instance 1, interruption, terminate',
        'Replacement Failed: instance 1, interruption, terminate',
      ]);
      assert.deepEqual(outcome.mails, [CORDONED, 'Groundcrew: no replacement for 1 interrupted instance']);
    },
  }),

  scenario<Fleet>('a group that has suspended the launch of instances', {
    sweep: false, // the calls are those of a group with Capacity Rebalancing
    async arrange(world) {
      const fleet = await createPlainGroup(world);
      const suspend = new SuspendProcessesCommand({
        AutoScalingGroupName: GROUP,
        ScalingProcesses: ['Launch'],
      });
      await world.client(AutoScalingClient).send(suspend);
      return fleet;
    },
    async act(world, fleet) {
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(stateOf(outcome).group, { size: 1, ours: ['InService'] });
      assert.equal(stepsOf(outcome).replace, 'not ordered: its group has suspended Launch');
      assert.equal(countCalls(calls, 'DetachInstances'), 0);
    },
  }),
];
