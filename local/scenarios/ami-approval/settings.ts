import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import { approve, requestApproval } from './approvers.ts';
import { createBuild, HOME_REGION, OTHER_REGION, saveSettings } from './builds.ts';
import { detailOf, firstRequest, REQUEST_SUBJECT, scenario, stateOf } from './observe.ts';

// One parameter in SSM says what applies to single pipelines.

const SHOP = {
  pipeline: 'shop-*',
  approvers: ['ben@example.com', 'cem@example.com'],
  required: 2,
  accounts: ['777788889999'],
  regions: [HOME_REGION],
};

export const settingsScenarios = [
  scenario('a pipeline with its own approvers, quorum, accounts and Regions', {
    arrange: async (world) => {
      const input = { pipeline: 'shop-weekly', regions: [HOME_REGION, OTHER_REGION] };
      const created = await createBuild(world, input);
      await saveSettings(world, { pipelines: [SHOP], accountNames: { '777788889999': 'shop prod' } });
      await requestApproval(world, created);
      await approve(world, 'ben');
      await world.settle();
      assert.equal(countCalls(world.calls(), 'ModifyImageAttribute'), 0, 'one of two approvals');
      await approve(world, 'cem');
      return created;
    },
    act: (world) => world.settle(),
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'shared');
      assert.deepEqual(stateOf(outcome).permissions, [['launch: 777788889999'], []]);
      assert.deepEqual(
        outcome.mails?.filter((mail) => mail.startsWith(REQUEST_SUBJECT)).sort(),
        SHOP.approvers.map((address) => `${REQUEST_SUBJECT} (${address})`),
      );
      const text = detailOf(outcome).texts[0] ?? '';
      assert.match(text, /\n {2}account 777788889999 \(shop prod\)\n/);
      assert.match(text, /NOT INCLUDED: .*\n {2}ami-\w+ in us-east-1 of account /);
    },
  }),

  scenario('broken settings share nothing, until they are fixed', {
    sweep: false, // fails on purpose, then does what the first scenario does
    arrange: async (world) => {
      const created = await requestApproval(world, await createBuild(world));
      await approve(world, 'ann');
      await saveSettings(world, { pipelines: [{ ...SHOP, accounts: ['all'] }] });
      return created;
    },
    async act(world) {
      await world.settle();
      assert.equal(countCalls(world.calls(), 'ModifyImageAttribute'), 0);
      assert.equal((await world.deadLetters()).length, 1);
      await saveSettings(world, { pipelines: [SHOP] });
      await world.fire('SweepApprovalsSweep');
      await world.settle();
    },
    expect: (outcome) => assert.equal(firstRequest(outcome).status, 'shared'),
  }),

  scenario('settings that change between request and approval', {
    sweep: false, // outdated as by changed distribution settings
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world) {
      await saveSettings(world, { pipelines: [{ pipeline: 'web-*', accounts: ['777788889999'] }] });
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome) {
      const { status, round, votes } = firstRequest(outcome);
      assert.deepEqual([status, round], ['pending', 2]);
      assert.match(votes.at(-1) ?? '', /^asked its share targets changed/);
      assert.deepEqual(stateOf(outcome).permissions, [[]]);
    },
  }),
];
