import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import type { World } from '../../scenario-kit/world.ts';
import { approve, findLink, requestApproval, requestStepApproval } from './approvers.ts';
import { createBuild, createWaitingBuild, STEP_ID } from './builds.ts';
import { detailOf, firstRequest, scenario, toAllApprovers } from './observe.ts';

// A person cancels a request, or revokes the links of one approver.

const BY = { who: 'dan@example.com', why: 'wrong branch' };

function cancelEvent(world: World, imageArn: string): object {
  return {
    version: '0',
    id: 'by-hand',
    source: 'groundcrew.ami-approval',
    'detail-type': 'AMI Approval Cancel',
    account: world.accountId,
    region: world.region,
    time: new Date(world.clock.now()).toISOString(),
    resources: [imageArn],
    detail: { action: 'cancel', imageArn, ...BY },
  };
}

export const interventionScenarios = [
  scenario('a person cancels a request', {
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world, { imageArn }) {
      world.invokeAsync('ExecuteApproval', { action: 'cancel', imageArn, ...BY });
      await world.settle();
    },
    expect(outcome, calls) {
      const { isOpen, status, votes } = firstRequest(outcome);
      assert.deepEqual([status, isOpen], ['cancelled', false]);
      assert.deepEqual(votes, [
        'asked',
        'dan@example.com cancelled dan@example.com cancelled it: wrong branch',
      ]);
      assert.deepEqual(outcome.events, ['ended: cancelled']);
      assert.deepEqual(outcome.mails?.slice(3).toSorted(), toAllApprovers('web-server 1.4.0/7: cancelled'));
      assert.match(
        detailOf(outcome).texts.at(-1) ?? '',
        /Reason: dan@example\.com cancelled it: wrong branch\./,
      );
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 0);
    },
  }),

  scenario('the request about a waiting step is cancelled, and an event cannot do it', {
    sweep: false, // the calls of the first scenario
    arrange: async (world) => requestStepApproval(world, await createWaitingBuild(world)),
    async act(world, { imageArn }) {
      await world.put(cancelEvent(world, imageArn));
      await world.settle();
      const link = findLink(world, 'ann');
      assert.equal((await world.http(link)).status, 200);
      const call = { action: 'cancel', imageArn, stepExecutionId: STEP_ID, ...BY };
      assert.deepEqual(await world.invoke('ExecuteApproval', call), { outcome: 'cancelled' });
      assert.match(
        await (await world.http(link)).text(),
        /was cancelled.*was not answered: dan@example\.com/s,
      );
      assert.deepEqual(await world.invoke('ExecuteApproval', call), { outcome: 'the request is cancelled' });
    },
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'cancelled');
      assert.deepEqual(outcome.effects, [], 'the step is left alone');
    },
  }),

  scenario('the links of an approver are revoked', {
    sweep: false, // one write, and mails that the caller hears about
    arrange: async (world) =>
      requestApproval(world, await createBuild(world, { buildType: 'USER_INITIATED' })),
    async act(world, { imageArn }) {
      const link = findLink(world, 'ben');
      await approve(world, 'ben');
      const call = { action: 'revoke-links', approver: 'Ben@example.com', imageArn, ...BY };
      const answer = await world.invoke('ExecuteApproval', call);
      assert.deepEqual(answer, { outcome: 'links revoked', notMailed: [] });
      assert.equal((await world.http(link)).status, 404);
      await approve(world, 'ann');
      await world.fire('SweepApprovalsSweep');
      await world.settle();
    },
    expect(outcome, calls) {
      const { status, votes } = firstRequest(outcome);
      assert.equal(status, 'pending', "ben's approval does not count");
      assert.ok(votes.includes('dan@example.com revoked ben@example.com: wrong branch'));
      assert.deepEqual(
        outcome.mails?.slice(3).toSorted(),
        toAllApprovers('web-server 1.4.0/7: links revoked'),
      );
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 0);
    },
  }),
];
