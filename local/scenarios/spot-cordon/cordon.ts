import assert from 'node:assert/strict';
import { AutoScalingClient, PutLifecycleHookCommand } from '@aws-sdk/client-auto-scaling';
import { countCalls } from '../../scenario-kit/calls.ts';
import { createGroup, createTargetGroup } from '../../scenario-kit/fleet.ts';
import { interruptionWarning, rebalanceRecommendation } from './events.ts';
import {
  createPlainGroup,
  createServingGroup,
  drainedAndReplaced,
  firstInstance,
  OPT_IN,
  scenario,
} from './fleet.ts';
import { type Fleet, GROUP, stateOf, stepsOf } from './observe.ts';

const MINUTE = 60_000;

export const cordonScenarios = [
  scenario<Fleet>('an interruption warning for an instance in two target groups', {
    arrange: (world) => createServingGroup(world),
    async act(world, fleet) {
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome, calls) {
      const { records: _records, deadLetters, ...state } = stateOf(outcome);
      assert.deepEqual(state, drainedAndReplaced);
      assert.equal(deadLetters, 0);
      assert.deepEqual(stepsOf(outcome), {
        tag: 'done',
        publish: 'done',
        protect: 'removed',
        drain: '3 targets in 2 target groups',
        replace: 'detached, replacement ordered',
        notify: 'claimed',
      });
      assert.deepEqual(outcome.events, ['Instance Cordoned: instance 1, interruption, terminate']);
      assert.deepEqual(
        [outcome.mails, outcome.effects],
        [['Groundcrew cordoned 1 instance (1 interruption)'], ['replacement']],
      );
      assert.equal(countCalls(calls, 'DescribeInstances'), 1);
    },
  }),

  scenario<Fleet>('the load balancer and EC2 answer a second behind', {
    sweep: false, // the same writes as the first scenario
    // One target group: with two, the pause before the second look at one ends the delay for the other.
    async arrange(world) {
      const arn = await createTargetGroup(world, 'web');
      const group = { name: GROUP, size: 2, tags: OPT_IN };
      const ids = await createGroup(world, group, { TargetGroupARNs: [arn] });
      return { ids, targetGroups: [arn] };
    },
    async act(world, fleet) {
      for (const service of ['ec2', 'elasticloadbalancing'] as const) world.delayReads(service, 1000);
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome, calls) {
      const { records: _records, deadLetters, ...state } = stateOf(outcome);
      assert.deepEqual(
        [state, deadLetters],
        [
          {
            tags: ['interruption', 'none'],
            targets: [['another:8080', 'instance 2:8080']],
            group: { size: 2, ours: ['out', 'InService'] },
          },
          0,
        ],
      );
      assert.equal(stepsOf(outcome).drain, '1 target in 1 target group');
      // Before, right after, and again after a moment.
      assert.equal(countCalls(calls, 'DescribeTargetHealth'), 3);
      assert.equal(countCalls(calls, 'DeregisterTargets'), 1);
    },
  }),

  scenario<Fleet>('a rebalance recommendation, then an interruption warning', {
    arrange: (world) => createServingGroup(world),
    // Swept in the scenario of the busy worker.
    async before(world, fleet) {
      await world.put(rebalanceRecommendation(world, firstInstance(fleet)));
      await world.settle();
    },
    async act(world, fleet) {
      world.clock.skip(MINUTE);
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome) {
      const { tags, targets: left, group, records: found } = stateOf(outcome);
      assert.deepEqual({ tags, targets: left, group }, drainedAndReplaced);
      assert.equal(found[0]?.severity, 'interruption');
      assert.deepEqual(outcome.events, [
        'Instance Cordoned: instance 1, rebalance, none',
        'Instance Cordoned: instance 1, interruption, terminate',
      ]);
    },
  }),

  scenario<Fleet>('an interruption warning, then a late rebalance recommendation', {
    sweep: false, // the same as the first scenario, except for a last read
    arrange: (world) => createServingGroup(world),
    async act(world, fleet) {
      const early = rebalanceRecommendation(world, firstInstance(fleet));
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.settle();
      await world.put(early);
      await world.settle();
    },
    expect(outcome) {
      const { tags, targets: left, group, records: found } = stateOf(outcome);
      assert.deepEqual({ tags, targets: left, group }, drainedAndReplaced);
      assert.equal(found[0]?.severity, 'interruption');
      assert.deepEqual(outcome.events, ['Instance Cordoned: instance 1, interruption, terminate']);
    },
  }),

  scenario<Fleet>('a group with Capacity Rebalancing', {
    arrange: async (world) => ({
      ids: await createGroup(world, { name: GROUP, size: 1, tags: OPT_IN }, { CapacityRebalance: true }),
    }),
    async act(world, fleet) {
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(stateOf(outcome).group, { size: 1, ours: ['InService'] });
      assert.equal(stepsOf(outcome).replace, 'Capacity Rebalancing replaces it');
      assert.equal(
        countCalls(calls, 'DetachInstances') + countCalls(calls, 'TerminateInstanceInAutoScalingGroup'),
        0,
      );
    },
  }),

  scenario<Fleet>('a group with a terminating lifecycle hook', {
    async arrange(world) {
      const fleet = await createPlainGroup(world);
      const command = new PutLifecycleHookCommand({
        AutoScalingGroupName: GROUP,
        LifecycleHookName: 'say-goodbye',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 60,
      });
      await world.client(AutoScalingClient).send(command);
      return fleet;
    },
    async act(world, fleet) {
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome, calls) {
      assert.equal(stepsOf(outcome).replace, 'terminating, replacement ordered');
      assert.equal(countCalls(calls, 'DetachInstances'), 0);
      assert.deepEqual(outcome.effects, ['replacement']);
    },
  }),
];
