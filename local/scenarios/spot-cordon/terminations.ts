import assert from 'node:assert/strict';
import { AutoScalingClient, StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { countCalls } from '../../scenario-kit/calls.ts';
import { wakeGroups } from '../../scenario-kit/markets.ts';
import type { World } from '../../scenario-kit/world.ts';
import {
  askAgain,
  createPolicyGroup,
  groupOf,
  membersOf,
  POLICY_GROUP,
  sayBusy,
  scaleIn,
  terminationScenario,
} from './worker-group.ts';
import { MINUTE } from './workers.ts';

// Which instances Auto Scaling terminates when it asks ChooseTerminations.

export const terminationScenarios = [
  terminationScenario('three of ten must go, two are cordoned and four busy', {
    arrange: (world) =>
      createPolicyGroup(world, { cordoned: 2, busy: 4, idle: 4, zones: ['eu-west-1a', 'eu-west-1b'] }),
    act: (world) => scaleIn(world, 3),
    after: askAgain,
    expect(outcome) {
      const { busy, cordoned, idle } = groupOf(outcome);
      assert.deepEqual({ busy, cordoned, idle }, { busy: 4, cordoned: 0, idle: 3 });
    },
  }),

  terminationScenario('all are busy: scale-in waits until one has finished its job', {
    sweep: false, // its calls are those of the scenario before
    arrange: (world) => createPolicyGroup(world, { busy: 2 }),
    async act(world) {
      await scaleIn(world, 1);
      assert.equal(membersOf(world).length, 2);
      for (let hours = 0; hours < 3; hours += 1) {
        world.clock.skip(60 * MINUTE);
        for (const { id } of membersOf(world)) await sayBusy(world, id, 60 * hours);
        await askAgain(world);
      }
      assert.equal(membersOf(world).length, 2);
      world.clock.skip(16 * MINUTE);
      await askAgain(world);
    },
    expect: (outcome) => assert.equal(groupOf(outcome).busy, 1),
  }),

  terminationScenario('a worker that said it was busy has died', {
    sweep: false, // its calls are those of the first scenario
    arrange: (world) => createPolicyGroup(world, { busy: 2 }),
    async act(world, { busy: [dead = '', alive = ''] }) {
      world.clock.skip(14 * MINUTE);
      await sayBusy(world, alive, 40);
      world.clock.skip(2 * MINUTE);
      await scaleIn(world, 1);
      await askAgain(world);
      assert.deepEqual(
        membersOf(world).map(({ id }) => id),
        [alive],
        `${dead} sends no heartbeat`,
      );
    },
    expect: (outcome) => assert.equal(groupOf(outcome).busy, 1),
  }),

  terminationScenario('an instance refresh spares busy instances at first', {
    arrange: (world) => createPolicyGroup(world, { busy: 1 }),
    act: startRefresh,
    async after(world, { busy: [only = ''] }) {
      for (let minutes = 5; minutes <= 35; minutes += 5) await refreshLater(world, only, minutes);
      assert.deepEqual(
        membersOf(world).map(({ id }) => id),
        [only],
      );
      for (let minutes = 40; minutes <= 60; minutes += 5) await refreshLater(world, only, minutes);
    },
    expect(outcome) {
      const { busy, isWaiting, launched, refresh } = groupOf(outcome);
      assert.deepEqual(
        { busy, isWaiting, launched, refresh },
        { busy: 0, isWaiting: false, launched: 1, refresh: 'Successful' },
      );
    },
  }),

  terminationScenario('an instance refresh takes the longest-running job within its hour', {
    arrange: (world) => createPolicyGroup(world, { busy: 2 }),
    async before(world, { busy }) {
      await startRefresh(world);
      for (let minutes = 5; minutes <= 40; minutes += 5) {
        world.clock.skip(5 * MINUTE);
        for (const [index, id] of busy.entries()) await sayBusy(world, id, 60 + minutes - index);
        await wakeGroups(world);
      }
      assert.equal(membersOf(world).filter(({ id }) => busy.includes(id)).length, 2);
    },
    async act(world) {
      world.clock.skip(5 * MINUTE);
      await wakeGroups(world);
    },
    after: askAgain,
    expect(outcome) {
      const { busy, launched, refresh } = groupOf(outcome);
      assert.deepEqual({ busy, launched, refresh }, { busy: 1, launched: 1, refresh: 'InProgress' });
    },
  }),

  terminationScenario('DynamoDB does not respond while Auto Scaling asks', {
    sweep: false, // faults of these calls are its topic
    arrange: (world) => createPolicyGroup(world, { busy: 1, idle: 1 }),
    async act(world) {
      world.stall('dynamodb', 'Query', 2); // both attempts of one request
      await scaleIn(world, 1);
      assert.equal(membersOf(world).length, 2);
      await askAgain(world);
    },
    expect: (outcome) => assert.deepEqual(groupOf(outcome), { ...groupOf(outcome), busy: 1, idle: 0 }),
  }),

  terminationScenario('DynamoDB fails for longer than five minutes', {
    sweep: false, // faults of these calls are its topic
    arrange: (world) => createPolicyGroup(world, { busy: 2 }),
    async act(world) {
      world.throttle('dynamodb', 'Query', 1_000);
      await scaleIn(world, 1);
      assert.equal(membersOf(world).length, 2);
      world.clock.skip(5 * MINUTE);
      await wakeGroups(world);
    },
    expect: (outcome) => assert.equal(groupOf(outcome).busy, 1),
  }),

  terminationScenario('the cordons cannot be read: idle instances still go first', {
    sweep: false, // faults of these calls are its topic
    arrange: (world) => createPolicyGroup(world, { cordoned: 1, busy: 1, idle: 1 }),
    async act(world) {
      world.throttle('dynamodb', 'Scan', 1_000);
      await scaleIn(world, 2);
      await askAgain(world);
    },
    expect: (outcome) =>
      assert.deepEqual(groupOf(outcome), { ...groupOf(outcome), cordoned: 0, busy: 1, idle: 0 }),
  }),

  terminationScenario('30,000 candidates, of which 3,000 are busy', {
    sweep: false, // its calls are those of the first scenario
    arrange: async (world) => {
      await writeWorkers(world, LARGE_GROUP.slice(0, 3_000));
      return { busy: [], cordoned: [], idle: [] };
    },
    async act(world) {
      const chosen = await askUntilAnswered(world, 2_000);
      assert.equal(new Set(chosen).size, 2_000);
      const busy = new Set(LARGE_GROUP.slice(0, 3_000));
      assert.deepEqual(
        chosen.filter((id) => busy.has(id)),
        [],
      );
    },
    expect: (_, calls) => assert.ok(countCalls(calls, 'Query') >= 2, 'the workers fill more than one page'),
  }),
];

async function startRefresh(world: World): Promise<void> {
  const command = new StartInstanceRefreshCommand({ AutoScalingGroupName: POLICY_GROUP });
  await world.client(AutoScalingClient).send(command);
}

/** Auto Scaling asks every five minutes here, and the job goes on. */
async function refreshLater(world: World, id: string, minutes: number): Promise<void> {
  world.clock.skip(5 * MINUTE);
  await sayBusy(world, id, 30 + minutes);
  await wakeGroups(world);
}

const LARGE_GROUP = Array.from({ length: 30_000 }, (_, at) => `i-${at.toString(16).padStart(17, '0')}`);

/** Workers may write more than they must: with these items, 3,000 fill two pages. */
async function writeWorkers(world: World, ids: readonly string[]): Promise<void> {
  const expiresAt = { N: String(Math.floor(world.clock.now() / 1000) + 900) };
  const note = { S: 'x'.repeat(300) };
  for (let from = 0; from < ids.length; from += 25) {
    const requests = ids.slice(from, from + 25).map((id) => ({
      PutRequest: {
        Item: { group: { S: POLICY_GROUP }, instanceId: { S: id }, busySince: { N: '1' }, expiresAt, note },
      },
    }));
    const command = new BatchWriteItemCommand({ RequestItems: { [world.ref('Workers')]: requests } });
    await world.client(DynamoDBClient).send(command);
  }
}

/** An answer that takes too long names nobody: Auto Scaling asks again. */
async function askUntilAnswered(world: World, count: number): Promise<readonly string[]> {
  const request = {
    AutoScalingGroupARN: `arn:aws:autoscaling:${world.region}:${world.accountId}:autoScalingGroup:0:autoScalingGroupName/${POLICY_GROUP}`,
    AutoScalingGroupName: POLICY_GROUP,
    CapacityToTerminate: [{ AvailabilityZone: 'eu-west-1a', Capacity: count, InstanceMarketOption: 'spot' }],
    Instances: LARGE_GROUP.map((InstanceId) => ({
      AvailabilityZone: 'eu-west-1a',
      InstanceId,
      InstanceType: 'm5.large',
      InstanceMarketOption: 'spot',
    })),
    Cause: 'SCALE_IN',
  };
  for (let asked = 0; asked < 10; asked += 1) {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the answer of a termination policy function
    const answer = (await world.invoke('ChooseTerminations', request)) as { InstanceIDs: readonly string[] };
    if (answer.InstanceIDs.length > 0) return answer.InstanceIDs;
  }
  return [];
}
