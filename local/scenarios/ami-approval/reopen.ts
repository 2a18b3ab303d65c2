import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import type { World } from '../../scenario-kit/world.ts';
import { approve, findLink, openPage, reject, requestApproval } from './approvers.ts';
import { type Build, createBuild } from './builds.ts';
import {
  detailOf,
  firstRequest,
  REQUEST_SUBJECT,
  SECOND_REQUEST_SUBJECT,
  scenario,
  toAllApprovers,
} from './observe.ts';

// Approval is requested again after a request is closed.

async function rejectedBuild(world: World): Promise<Build> {
  const created = await requestApproval(world, await createBuild(world));
  await reject(world, 'ben', 'sshd is open');
  await world.settle();
  return created;
}

/** The name of the wing's stack on this machine. */
const OWN_STACK = 'groundcrew-ami-approval';

function dueEvent(world: World, detail: object): object {
  return {
    version: '0',
    id: 'by-hand',
    source: 'groundcrew.ami-approval',
    'detail-type': 'AMI Approval Due',
    account: world.accountId,
    region: world.region,
    time: new Date(world.clock.now()).toISOString(),
    resources: [],
    detail: { next: 'ask', stack: OWN_STACK, ...detail },
  };
}

const REOPENING = { action: 'ask-again', after: 1, who: 'dan@example.com', why: 'the port is closed now' };

export const reopenScenarios = [
  scenario('an event cannot undo a rejection', {
    sweep: false, // writes nothing
    arrange: rejectedBuild,
    async act(world, { imageArn }) {
      await world.put(dueEvent(world, { imageArn, after: 1 }));
      await world.settle();
    },
    expect(outcome) {
      const { status, round } = firstRequest(outcome);
      assert.deepEqual([status, round], ['rejected', 1]);
      assert.equal(outcome.mails?.filter((mail) => mail.includes('Approve AMI')).length, 3);
    },
  }),

  scenario('an event of another stack in the same Region is not ours', {
    sweep: false, // the request is swept in the scenarios about requests
    arrange: createBuild,
    async act(world, { imageArn }) {
      const before = world.calls().length;
      await world.put(dueEvent(world, { imageArn, stack: 'groundcrew-dry-run' }));
      await world.settle();
      assert.equal(world.calls().length, before);
      await world.put(dueEvent(world, { imageArn }));
      await world.settle();
    },
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'pending');
    },
  }),

  scenario('a person requests approval again after a rejection', {
    arrange: rejectedBuild,
    async act(world, { imageArn }) {
      world.invokeAsync('RequestApproval', { ...REOPENING, imageArn });
      await world.settle();
    },
    expect(outcome) {
      const { status, round, votes } = firstRequest(outcome);
      assert.deepEqual([status, round], ['pending', 2]);
      assert.equal(votes.at(-1), 'dan@example.com asked the port is closed now');
      assert.deepEqual(
        outcome.mails?.filter((mail) => mail.includes('Approve AMI')).sort(),
        [...toAllApprovers(REQUEST_SUBJECT), ...toAllApprovers(SECOND_REQUEST_SUBJECT)].sort(),
      );
      assert.match(
        detailOf(outcome).texts.at(-1) ?? '',
        /^ROUND 2\n {2}dan@example.com requested approval again: “the port is closed now”\.\n {2}Round 1 was rejected by ben@example.com on .*: “sshd is open”/,
      );
    },
  }),

  scenario('the page of a later round, and a shared image that is not asked about again', {
    sweep: false, // the new round is swept in the scenario above
    arrange: rejectedBuild,
    async act(world, { imageArn }) {
      await world.invoke('RequestApproval', { ...REOPENING, imageArn });
      await world.settle();
      const page = await openPage(world, findLink(world, 'ann'));
      assert.match(
        page,
        /<h1>.*<\/h1>\s*<div class="warning"><strong>Round 2:<\/strong><ul><li>dan@example.com/,
      );
      assert.match(page, /Round 1 was rejected by ben@example.com/);
      await approve(world, 'ann');
      await world.settle();
      const again = await world.invoke('RequestApproval', { ...REOPENING, imageArn, after: 2 });
      assert.deepEqual(again, { outcomes: ['the request is shared in round 2'] });
      await world.settle();
    },
    expect(outcome, calls) {
      const { status, round } = firstRequest(outcome);
      assert.deepEqual([status, round], ['shared', 2]);
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 1);
    },
  }),
];
