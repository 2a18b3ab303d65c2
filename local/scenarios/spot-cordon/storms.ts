import assert from 'node:assert/strict';
import { AutoScalingClient, SetInstanceProtectionCommand } from '@aws-sdk/client-auto-scaling';
import type { World } from '../../pack/world.ts';
import { functionCalls } from '../../scenario-kit/calls.ts';
import {
  createGroup,
  createTargetGroup,
  describeInstances,
  describeMembers,
  listTargets,
  registerTargets,
  runSpotInstances,
} from '../../scenario-kit/fleet.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import { interruptionWarning } from './events.ts';
import { MANAGED, OPT_IN, scenario } from './fleet.ts';
import { CORDON, type Fleet } from './observe.ts';

const GROUPS = ['night-shift', 'day-shift'];

/** The outcome and the calls, in numbers. */
async function observeStorm(world: World, { ids }: Fleet): Promise<Outcome> {
  const states = await describeInstances(world, ids);
  const tagged = ids.filter((id) => states.get(id)?.tags[CORDON] === 'interruption').length;
  const published = new Set(world.published().map((event) => JSON.stringify(event))).size;
  const calls = [...Map.groupBy(functionCalls(world.calls()), ({ action }) => action)].map(
    ([action, some]) => [action, some.length],
  );
  return {
    state: { tagged, published, deadLetters: (await world.deadLetters()).length },
    mails: world.mails().map(({ subject }) => subject),
    detail: { calls: Object.fromEntries(calls) },
  };
}

async function interruptAll(world: World, { ids }: Fleet): Promise<void> {
  await world.put(...ids.map((id) => interruptionWarning(world, id)));
  await world.settle();
}

/** Two groups with 60 protected instances each, in one target group. */
async function createServingGroups(world: World): Promise<Fleet> {
  const arn = await createTargetGroup(world, 'busy');
  const ids: string[] = [];
  for (const name of GROUPS) {
    const some = await createGroup(world, { name, size: 60, tags: OPT_IN });
    for (const half of [some.slice(0, 50), some.slice(50)]) {
      const protect = { AutoScalingGroupName: name, InstanceIds: half, ProtectedFromScaleIn: true };
      await world.client(AutoScalingClient).send(new SetInstanceProtectionCommand(protect));
    }
    await registerTargets(
      world,
      arn,
      some.map((Id) => ({ Id, Port: 8080 })),
    );
    ids.push(...some);
  }
  return { ids, targetGroups: [arn] };
}

// Not in the fault sweep: the calls are those of a single warning in larger batches, and a run takes seconds.
export const stormScenarios = [
  scenario<Fleet>('200 interruption warnings at once', {
    sweep: false,
    arrange: async (world) => ({ ids: await runSpotInstances(world, 200, MANAGED) }),
    act: interruptAll,
    observe: observeStorm,
    expect(outcome) {
      assert.deepEqual(outcome.state, { tagged: 200, published: 200, deadLetters: 0 });
      assert.deepEqual(outcome.mails, ['Groundcrew cordoned 200 instances (200 interruption)']);
      assert.deepEqual(outcome.detail, {
        calls: {
          // 20 batches of 10 warnings, and one batch with the mail.
          BatchGetItem: 20 + 2,
          TransactWriteItems: 2 * 20 + 2,
          CreateTags: 20,
          DescribeInstances: 20,
          PutEvents: 20,
          SendMessageBatch: 20,
          Publish: 1,
        },
      });
    },
  }),

  scenario<Fleet>('warnings for two whole groups in one target group', {
    sweep: false,
    arrange: createServingGroups,
    act: interruptAll,
    async observe(world, fleet) {
      const outcome = await observeStorm(world, fleet);
      const left = await listTargets(world, fleet.targetGroups?.[0] ?? '');
      const groups = await Promise.all(GROUPS.map((name) => describeMembers(world, name)));
      const replaced = groups.map((group) => group.filter(({ id }) => !fleet.ids.includes(id)).length);
      return {
        ...outcome,
        state: { left: left.length, groups: groups.map(({ length }) => length), replaced },
      };
    },
    expect(outcome) {
      assert.deepEqual(outcome.state, { left: 0, groups: [60, 60], replaced: [60, 60] });
      assert.deepEqual(outcome.detail, {
        calls: {
          BatchGetItem: 12 + 2,
          TransactWriteItems: 3 * 12 + 2,
          CreateTags: 12,
          DescribeInstances: 12,
          DescribeAutoScalingGroups: 12,
          DescribeLifecycleHooks: 12,
          DescribeTargetGroups: 12,
          DescribeLoadBalancers: 12,
          DescribeTargetHealth: 24,
          DescribeTargetGroupAttributes: 12,
          SetInstanceProtection: 12,
          DeregisterTargets: 12,
          DetachInstances: 12,
          PutEvents: 12,
          SendMessageBatch: 12,
          Publish: 1,
        },
      });
    },
  }),
];
