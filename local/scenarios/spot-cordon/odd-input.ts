import assert from 'node:assert/strict';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { countCalls } from '../../scenario-kit/calls.ts';
import { runSpotInstances } from '../../scenario-kit/fleet.ts';
import { interruptionWarning, rebalanceRecommendation, scheduledMaintenance } from './events.ts';
import { createPlainGroup, firstInstance, runOneInstance, scenario } from './fleet.ts';
import { type Fleet, stateOf } from './observe.ts';

const SWEEP = 'UncordonInstancesSweep';

export const oddInputScenarios = [
  scenario<Fleet>('a warning for an instance that no longer exists', {
    arrange: createPlainGroup,
    async act(world) {
      await world.put(interruptionWarning(world, 'i-0123456789abcdef0'));
      await world.settle();
      await world.fire(SWEEP);
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).records, []);
      assert.deepEqual([outcome.events, outcome.mails], [[], []]);
    },
  }),

  scenario<Fleet>('warnings for an instance without the tag groundcrew:managed', {
    arrange: async (world) => ({ ids: await runSpotInstances(world, 1) }),
    async act(world, fleet) {
      await world.put(interruptionWarning(world, firstInstance(fleet)));
      await world.put(rebalanceRecommendation(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).records, []);
      assert.deepEqual(stateOf(outcome).tags, ['none']);
      assert.deepEqual([outcome.events, outcome.mails], [[], []]);
    },
  }),

  scenario<Fleet>('a batch with invalid messages', {
    arrange: runOneInstance,
    async act(world, fleet) {
      const sqs = world.client(SQSClient);
      const bodies = [
        'no JSON at all {',
        JSON.stringify({ hello: 'world' }),
        JSON.stringify(interruptionWarning(world, 'worker-7')),
        JSON.stringify(interruptionWarning(world, firstInstance(fleet), 'explode')),
        JSON.stringify({ ...interruptionWarning(world, firstInstance(fleet)), detail: {} }),
        JSON.stringify(
          scheduledMaintenance(world, {
            entities: ['arn:aws:ec2:eu-west-1:123456789012:dedicated-host/h-1', 'ünïcode'],
            statusCode: 'open',
            startsAt: 0,
          }),
        ),
        JSON.stringify(interruptionWarning(world, firstInstance(fleet))),
      ];
      for (const MessageBody of bodies) {
        await sqs.send(new SendMessageCommand({ QueueUrl: world.ref('InterruptionQueue'), MessageBody }));
      }
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).tags, ['interruption']);
      assert.deepEqual(outcome.events, ['Instance Cordoned: instance 1, interruption, terminate']);
      assert.equal(stateOf(outcome).deadLetters, 0);
    },
  }),

  scenario<Fleet>('the same warning three times', {
    arrange: createPlainGroup,
    async act(world, fleet) {
      const event = interruptionWarning(world, firstInstance(fleet));
      await world.put(event, event);
      await world.settle();
      await world.put(event);
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(outcome.events, ['Instance Cordoned: instance 1, interruption, terminate']);
      assert.deepEqual(
        [outcome.mails, outcome.effects],
        [['Groundcrew cordoned 1 instance (1 interruption)'], ['replacement']],
      );
      assert.equal(countCalls(calls, 'CreateTags'), 1);
    },
  }),
];
