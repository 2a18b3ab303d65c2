import assert from 'node:assert/strict';
import type { Call } from '../../account/types.ts';
import { functionCalls } from '../../scenario-kit/calls.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { Outcome } from '../../scenario-kit/scenario.ts';
import type { World } from '../../scenario-kit/world.ts';
import { requestApproval, requestStepApproval } from './approvers.ts';
import { type Build, type BuildInput, createBuild, createWaitingBuild, STEP_ID } from './builds.ts';
import { imageStateChange, scanFindings, stepWaiting } from './events.ts';
import { firstRequest, REQUEST_SUBJECT, scenario, stateOf, toAllApprovers } from './observe.ts';

// The wing takes charge of the pipelines `web-*` and the steps `Approve*`, and of nothing else.

const DAY = 86_400_000;
const SWEEP = 'SweepApprovalsSweep';
const OTHER_TEAM: BuildInput = { pipeline: 'database-weekly' };

async function sweepLater(world: World): Promise<void> {
  await world.fire(SWEEP);
  await world.settle();
  await world.advance(4 * DAY);
  await world.fire(SWEEP);
  await world.settle();
}

function expectNothing(outcome: Outcome, calls: readonly Call[]): void {
  assert.deepEqual(stateOf(outcome), {
    requests: [],
    findings: undefined,
    permissions: [[]],
    deadLetters: 0,
  });
  assert.deepEqual([outcome.mails, outcome.events, outcome.effects], [[], [], []]);
  assert.ok(functionCalls(calls).every(({ action }) => !/^(Put|Send|Modify|Publish)/.test(action)));
}

export const scopeScenarios = [
  scenario('builds, scans and failures of another team', {
    sweep: false, // writes nothing
    arrange: (world) => createBuild(world, OTHER_TEAM),
    async act(world, { imageArn }) {
      await world.put(imageStateChange(world, imageArn, 'AVAILABLE'));
      await world.put(imageStateChange(world, imageArn, 'FAILED', 'disk full'));
      await world.put(scanFindings(world, imageArn, { all: 1, critical: 1, high: 0, medium: 0 }));
      await world.settle();
      await sweepLater(world);
    },
    expect: expectNothing,
  }),

  scenario('a step Approve... of another team', {
    sweep: false, // writes nothing
    arrange: (world) => createWaitingBuild(world, OTHER_TEAM),
    async act(world, created) {
      await requestStepApproval(world, created);
      await sweepLater(world);
    },
    expect: expectNothing,
  }),

  scenario('a step with another name', {
    sweep: false, // writes nothing
    arrange: (world) => createWaitingBuild(world, { stepName: 'WaitForQa' }),
    async act(world, { imageArn }) {
      await world.put(stepWaiting(world, imageArn, STEP_ID, 'WaitForQa'));
      await world.settle();
      await sweepLater(world);
    },
    expect: expectNothing,
  }),

  scenario('a tagged image of a pipeline that matches no pattern', {
    sweep: false, // the calls of the first scenario
    arrange: (world) => createBuild(world, { ...OTHER_TEAM, tags: { 'groundcrew:approval': 'true' } }),
    act: async (world, created) => void (await requestApproval(world, created)),
    expect: (outcome) => assert.deepEqual([...(outcome.mails ?? [])].sort(), toAllApprovers(REQUEST_SUBJECT)),
  }),

  scenario('a step whose build leaves the scope while it waits', {
    sweep: false, // the calls of an expired step
    arrange: async (world) => requestStepApproval(world, await createWaitingBuild(world)),
    async act(world, { imageArn }: Build) {
      const { images } = emulatedState(world, 'imagebuilder');
      images.set(imageArn, { ...images.get(imageArn), sourcePipelineName: 'database-weekly' });
      await sweepLater(world);
    },
    expect(outcome) {
      const { status, votes } = firstRequest(outcome);
      assert.equal(status, 'cancelled');
      assert.match(votes.at(-1) ?? '', /^cancelled its pipeline database-weekly matches no pattern/);
      assert.deepEqual(outcome.effects, [], 'the step of another team is not stopped');
      assert.deepEqual(outcome.mails?.slice(3).toSorted(), toAllApprovers('web-server 1.4.0/7: cancelled'));
    },
  }),
];
