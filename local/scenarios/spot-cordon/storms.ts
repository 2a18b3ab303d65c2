import assert from 'node:assert/strict';
import { describeInstances, runSpotInstances } from '../../scenario-kit/fleet.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { interruptionWarning } from './events.ts';
import { MANAGED, scenario } from './fleet.ts';
import { CORDON, type Fleet } from './observe.ts';

/** The outcome in numbers. */
async function observeStorm(world: World, { ids }: Fleet): Promise<Outcome> {
  const states = await describeInstances(world, ids);
  const tagged = ids.filter((id) => states.get(id)?.tags[CORDON] === 'interruption').length;
  const published = new Set(
    world.published().flatMap((event) => /i-[0-9a-f]{17}/.exec(JSON.stringify(event))),
  ).size;
  return {
    state: { tagged, published, deadLetters: (await world.deadLetters()).length },
    mails: world.mails().map(({ subject }) => subject),
  };
}

async function interruptAll(world: World, { ids }: Fleet): Promise<void> {
  await world.put(...ids.map((id) => interruptionWarning(world, id)));
  await world.settle();
}

// Not in the fault sweep: the calls are those of a single warning in larger batches, and a run takes seconds.
export const stormScenarios = [
  scenario<Fleet>('100 interruption warnings at once', {
    sweep: false,
    arrange: async (world) => ({ ids: await runSpotInstances(world, 100, MANAGED) }),
    act: interruptAll,
    observe: observeStorm,
    expect(outcome) {
      assert.deepEqual(outcome.state, { tagged: 100, published: 100, deadLetters: 0 });
      // How many batches share a mail depends on the speed of the machine.
      const mailed = (outcome.mails ?? []).map((subject) => Number(/\d+/.exec(subject)));
      assert.equal(
        mailed.reduce((sum, instances) => sum + instances, 0),
        100,
      );
    },
  }),
];
