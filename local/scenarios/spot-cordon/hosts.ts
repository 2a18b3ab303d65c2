import assert from 'node:assert/strict';
import { describeInstances, moveToHost, runInstancesOnHost } from '../../scenario-kit/fleet.ts';
import type { World } from '../../scenario-kit/world.ts';
import { scheduledMaintenance } from './events.ts';
import { firstInstance, MANAGED, scenario } from './fleet.ts';
import { CORDON, type Fleet, readRecords, stateOf } from './observe.ts';

const MINUTE = 60_000;
const HOST = 'h-0123456789abcdef0';
const OTHER_HOST = 'h-0123456789abcdef1';

async function announce(world: World, statusCode: string, startsAt: number): Promise<void> {
  const event = scheduledMaintenance(world, {
    entities: [`arn:aws:ec2:${world.region}:${world.accountId}:dedicated-host/${HOST}`],
    eventArn: 'arn:aws:health:eu-west-1::event/host',
    eventTypeCode: 'AWS_EC2_DEDICATED_HOST_NETWORK_MAINTENANCE_SCHEDULED',
    status: statusCode === 'closed' ? 'RESOLVED' : 'PENDING',
    statusCode,
    startsAt,
  });
  await world.put(event);
  await world.settle();
}

async function sweep(world: World): Promise<void> {
  world.clock.skip(5 * MINUTE);
  await world.fire('UncordonInstancesSweep');
  await world.settle();
}

async function createHost(world: World): Promise<Fleet> {
  return { ids: await runInstancesOnHost(world, HOST, [MANAGED, MANAGED, { Name: 'not-managed' }]) };
}

async function cordonTags(world: World, { ids }: Fleet): Promise<string[]> {
  const states = await describeInstances(world, ids);
  return ids.map((id) => states.get(id)?.tags[CORDON] ?? 'none');
}

export const hostScenarios = [
  scenario<Fleet>('maintenance of a Dedicated Host is announced, then called off', {
    arrange: createHost,
    async act(world, fleet) {
      const startsAt = world.clock.now() + 60 * MINUTE;
      await announce(world, 'upcoming', startsAt);
      assert.deepEqual(await cordonTags(world, fleet), ['scheduled', 'scheduled', 'none']);
      world.clock.skip(MINUTE);
      await announce(world, 'closed', startsAt);
      // If a fault interrupts the release, a later sweep continues it.
      for (let i = 0; i < 2; i++) await sweep(world);
    },
    expect(outcome) {
      const { tags, records } = stateOf(outcome);
      assert.deepEqual([tags, records], [['none', 'none', 'none'], []]);
      assert.deepEqual([...(outcome.events ?? [])].sort(), [
        'Instance Cordoned: instance 1, scheduled, maintenance',
        'Instance Cordoned: instance 2, scheduled, maintenance',
        'Instance Uncordoned: instance 1, scheduled, maintenance',
        'Instance Uncordoned: instance 2, scheduled, maintenance',
      ]);
    },
  }),

  scenario<Fleet>('an instance leaves a Dedicated Host before its maintenance', {
    sweep: false, // the calls are those of the scenario before
    arrange: createHost,
    async act(world, fleet) {
      await announce(world, 'upcoming', world.clock.now() + 14 * 24 * 60 * MINUTE);
      assert.deepEqual(
        (await readRecords(world)).map(({ status }) => status),
        ['deferred', 'deferred'],
      );
      await moveToHost(world, firstInstance(fleet), OTHER_HOST);
      world.clock.skip(13.5 * 24 * 60 * MINUTE);
      await sweep(world);
      assert.deepEqual(await cordonTags(world, fleet), ['none', 'scheduled', 'none']);
      await moveToHost(world, fleet.ids[1] ?? '', OTHER_HOST);
      await sweep(world);
    },
    expect(outcome) {
      const { tags, records } = stateOf(outcome);
      assert.deepEqual([tags, records], [['none', 'none', 'none'], []]);
    },
  }),
];
