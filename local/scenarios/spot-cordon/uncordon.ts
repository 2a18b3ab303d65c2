import assert from 'node:assert/strict';
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  CreateLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { countCalls } from '../../scenario-kit/calls.ts';
import { runSpotInstances } from '../../scenario-kit/fleet.ts';
import type { World } from '../../scenario-kit/world.ts';
import {
  capacityWarning,
  interruptionWarning,
  protectionChange,
  rebalanceRecommendation,
  scheduledMaintenance,
  stateChange,
} from './events.ts';
import { createServingGroup, firstInstance, OPT_IN, runOneInstance, scenario } from './fleet.ts';
import { type Fleet, observe, readRecords, stateOf } from './observe.ts';

const MINUTE = 60_000;
const SWEEP = 'UncordonInstancesSweep';
const ON_ADVICE = { ...OPT_IN, 'groundcrew:drain': 'advice', 'groundcrew:unprotect': 'advice' };

export const uncordonScenarios = [
  scenario<Fleet>('a rebalance recommendation without an interruption, for an instance that acts on advice', {
    arrange: (world) => createServingGroup(world, ON_ADVICE),
    async act(world, fleet) {
      await world.put(rebalanceRecommendation(world, firstInstance(fleet)));
      await world.settle();
      await world.put(protectionChange(world, [firstInstance(fleet)], world.ref('CordonInstances')));
      await world.settle();
      await world.fire(SWEEP);
      await world.settle();
      assert.equal((await readRecords(world)).length, 1, 'the sweep keeps a cordon that has not expired');
      world.clock.skip(31 * MINUTE);
      await world.fire(SWEEP);
      await world.settle();
    },
    // If a fault interrupted the release, it continues when its lease has expired.
    after: sweepLater,
    expect(outcome) {
      const { records: found, deadLetters, ...state } = stateOf(outcome);
      assert.deepEqual(state, {
        tags: ['none', 'none'],
        targets: [
          ['instance 1:8080', 'instance 1:8081', 'instance 2:8080', 'instance 2:8081'],
          ['instance 1 by ip:9000', 'instance 2 by ip:9000'],
        ],
        group: { size: 2, ours: ['InService, protected', 'InService, protected'] },
      });
      assert.deepEqual(found, []);
      assert.equal(deadLetters, 0);
      assert.deepEqual(outcome.events, [
        'Instance Cordoned: instance 1, rebalance, none',
        'Instance Uncordoned: instance 1, rebalance, none',
      ]);
    },
  }),

  scenario<Fleet>('a rebalance recommendation without an interruption, for a busy worker', {
    arrange: (world) => createServingGroup(world),
    async act(world, fleet) {
      await world.put(rebalanceRecommendation(world, firstInstance(fleet)));
      await world.settle();
    },
    expect(outcome, calls) {
      const { tags, targets, group } = stateOf(outcome);
      assert.deepEqual(tags, ['rebalance', 'none']);
      assert.deepEqual(
        targets.map(({ length }) => length),
        [4, 2],
      );
      assert.deepEqual(group.ours, ['InService, protected', 'InService, protected']);
      assert.equal(countCalls(calls, 'SetInstanceProtection'), 0);
    },
  }),

  scenario<Fleet>('an instance hibernates and comes back', {
    sweep: false, // a fault at the start of a drain delays it, beyond the check in the middle of this scenario
    async arrange(world) {
      const ids = await runSpotInstances(world, 2, OPT_IN);
      const classic = world.client(ElasticLoadBalancingClient);
      const Listeners = [{ Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 80 }];
      await classic.send(
        new CreateLoadBalancerCommand({
          LoadBalancerName: 'old-faithful',
          Listeners,
          AvailabilityZones: ['eu-west-1a'],
        }),
      );
      const Instances = ids.map((InstanceId) => ({ InstanceId }));
      await classic.send(
        new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: 'old-faithful', Instances }),
      );
      return { ids };
    },
    async act(world, fleet) {
      await world.put(interruptionWarning(world, firstInstance(fleet), 'hibernate'));
      await world.settle();
      // If a fault left it unknown whether the drain began, it waits for the last seconds of the notice.
      world.clock.skip(90_000);
      await world.settle();
      assert.deepEqual(
        await classicInstances(world),
        fleet.ids.slice(1),
        'deregistered from the load balancer during hibernation',
      );
      world.clock.skip(MINUTE);
      await world.put(stateChange(world, firstInstance(fleet), 'running'));
      await world.settle();
      world.clock.skip(5 * MINUTE);
      await world.fire(SWEEP);
      await world.settle();
    },
    async observe(world, fleet) {
      const outcome = await observe(world, fleet);
      return { ...outcome, state: { ...stateOf(outcome), classic: (await classicInstances(world)).length } };
    },
    expect(outcome) {
      assert.deepEqual(outcome.state, {
        tags: ['none', 'none'],
        targets: [],
        group: { size: 0, ours: ['out', 'out'] },
        records: [],
        deadLetters: 0,
        classic: 2,
      });
    },
  }),

  scenario<Fleet>('a capacity reservation is interrupted as announced', {
    arrange: runOneInstance,
    async act(world, fleet) {
      const event = capacityWarning(world, firstInstance(fleet));
      await world.put(event);
      await world.settle();
      await world
        .client(EC2Client)
        .send(new TerminateInstancesCommand({ InstanceIds: [firstInstance(fleet)] }));
      await world.put(stateChange(world, firstInstance(fleet), 'terminated'));
      await world.settle();
      world.clock.skip(10 * MINUTE);
      await world.put(event);
      await world.fire(SWEEP);
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).records, []);
      assert.deepEqual(outcome.events, ['Instance Cordoned: instance 1, interruption, terminate']);
    },
  }),

  scenario<Fleet>('maintenance is announced two weeks early, falls due and is cancelled', {
    arrange: runOneInstance,
    async act(world, fleet) {
      const startsAt = world.clock.now() + 14 * 24 * 60 * MINUTE;
      const arn = `arn:aws:ec2:${world.region}:${world.accountId}:instance/${firstInstance(fleet)}`;
      await world.put(scheduledMaintenance(world, { entities: [arn], statusCode: 'upcoming', startsAt }));
      await world.settle();
      assert.deepEqual(world.published(), [], 'nothing is cordoned two weeks early');
      world.clock.skip(13.5 * 24 * 60 * MINUTE);
      await world.fire(SWEEP);
      await world.settle();
      assert.equal((await readRecords(world))[0]?.status, 'cordoned');
      await world.put(
        scheduledMaintenance(world, {
          entities: [firstInstance(fleet)],
          statusCode: 'closed',
          startsAt,
          status: 'RESOLVED',
        }),
      );
      await world.settle();
      await sweepLater(world);
    },
    after: sweepLater,
    expect(outcome) {
      assert.deepEqual(stateOf(outcome).records, []);
      assert.deepEqual(stateOf(outcome).tags, ['none']);
      assert.deepEqual(outcome.events, [
        'Instance Cordoned: instance 1, scheduled, stop',
        'Instance Uncordoned: instance 1, scheduled, stop',
      ]);
    },
  }),

  scenario<Fleet>(
    'two notices of maintenance: one is resolved for the instance, the other moves to a later date',
    {
      arrange: runOneInstance,
      async act(world, fleet) {
        const ids = [firstInstance(fleet)];
        const soon = world.clock.now() + 60 * MINUTE;
        const other = { eventArn: 'arn:aws:health:eu-west-1::event/other' };
        await world.put(
          scheduledMaintenance(world, { entities: ids, statusCode: 'upcoming', startsAt: soon }),
        );
        await world.put(
          scheduledMaintenance(world, { entities: ids, statusCode: 'upcoming', startsAt: soon, ...other }),
        );
        await world.settle();
        world.clock.skip(MINUTE);
        await world.put(
          scheduledMaintenance(world, {
            entities: ids,
            statusCode: 'open',
            startsAt: soon,
            status: 'RESOLVED',
          }),
        );
        await world.settle();
        await world.fire(SWEEP);
        await world.settle();
        assert.equal((await readRecords(world))[0]?.status, 'cordoned', 'the other notice keeps the cordon');
        world.clock.skip(MINUTE);
        await world.put(
          scheduledMaintenance(world, {
            entities: ids,
            statusCode: 'upcoming',
            startsAt: soon + 14 * 24 * 60 * MINUTE,
            ...other,
          }),
        );
        await world.settle();
        await sweepLater(world);
      },
      after: sweepLater,
      expect(outcome) {
        const { tags, records } = stateOf(outcome);
        assert.deepEqual(tags, ['none']);
        assert.deepEqual(
          records.map(({ severity, status }) => `${severity} ${status}`),
          ['scheduled deferred'],
        );
      },
    },
  ),
];

async function sweepLater(world: World): Promise<void> {
  world.clock.skip(5 * MINUTE);
  await world.fire(SWEEP);
  await world.settle();
}

async function classicInstances(world: World): Promise<string[]> {
  const { LoadBalancerDescriptions } = await world
    .client(ElasticLoadBalancingClient)
    .send(new DescribeLoadBalancersCommand({}));
  return (LoadBalancerDescriptions ?? []).flatMap(({ Instances }) =>
    (Instances ?? []).map(({ InstanceId }) => InstanceId ?? ''),
  );
}
