import assert from 'node:assert/strict';
import type { World } from '../../pack/world.ts';
import { functionCalls } from '../../scenario-kit/calls.ts';
import { describeInstances, runSpotInstances } from '../../scenario-kit/fleet.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import { interruptionWarning } from './events.ts';
import { MANAGED, scenario } from './fleet.ts';
import { CORDON, type Fleet } from './observe.ts';

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

function callsOf({ detail }: Outcome): Readonly<Record<string, number>> {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: `observeStorm` created it
  return (detail as { calls: Readonly<Record<string, number>> }).calls;
}

async function interruptAll(world: World, { ids }: Fleet): Promise<void> {
  await world.put(...ids.map((id) => interruptionWarning(world, id)));
  await world.settle();
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
      // How many batches share a mail depends on the speed of the machine.
      const mailed = (outcome.mails ?? []).map((subject) => Number(/\d+/.exec(subject)));
      assert.equal(
        mailed.reduce((sum, instances) => sum + instances, 0),
        200,
      );
      const calls = callsOf(outcome);
      assert.deepEqual([calls.DescribeInstances, calls.CreateTags, calls.PutEvents], [20, 20, 20]);
    },
  }),
];
