import assert from 'node:assert/strict';
import { countCalls } from '../../scenario-kit/calls.ts';
import { approve, findLink, openPage, readCode, reject, requestApproval, submitForm } from './approvers.ts';
import { changeDistribution, createBuild, HOME_REGION } from './builds.ts';
import {
  detailOf,
  firstRequest,
  OWNERS_MAIL,
  REQUEST_SUBJECT,
  SECOND_REQUEST_SUBJECT,
  SHARED_PERMISSIONS,
  scenario,
  stateOf,
  toAllApprovers,
} from './observe.ts';

const DAY = 86_400_000;
const SWEEP = 'SweepApprovalsSweep';

export const decideScenarios = [
  scenario('one approval is enough', {
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world) {
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(firstRequest(outcome), {
        part: 'share',
        status: 'shared',
        isOpen: false,
        round: 1,
        votes: ['asked', 'ann@example.com approve', 'shared'],
        shares: [`${HOME_REGION}: shared`],
      });
      assert.deepEqual(stateOf(outcome).permissions, [SHARED_PERMISSIONS]);
      assert.deepEqual(outcome.events, ['ended: shared']);
      const others = toAllApprovers('web-server 1.4.0/7: approved and shared').slice(1);
      assert.deepEqual(outcome.mails?.slice(3).toSorted(), [OWNERS_MAIL, ...others]);
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 1);
    },
  }),

  scenario('two of three approvers approve', {
    sweep: false, // the same calls as in the first scenario, with one more vote
    arrange: async (world) =>
      requestApproval(world, await createBuild(world, { buildType: 'USER_INITIATED' })),
    async act(world) {
      await approve(world, 'ann');
      await world.settle();
      const page = await openPage(world, findLink(world, 'ann'));
      assert.match(page, /You approved web-server.*One more approval is needed/s);
      assert.equal(countCalls(world.calls(), 'ModifyImageAttribute'), 0);
      await approve(world, 'cem');
      await world.settle();
    },
    expect(outcome) {
      const { votes, status } = firstRequest(outcome);
      assert.equal(status, 'shared');
      assert.deepEqual(votes, ['asked', 'ann@example.com approve', 'cem@example.com approve', 'shared']);
    },
  }),

  scenario('the person who started the build cannot approve it', {
    sweep: false, // writes nothing
    arrange: async (world) => {
      const tags = { 'groundcrew:started-by': 'Ann@example.com' };
      return requestApproval(world, await createBuild(world, { buildType: 'USER_INITIATED', tags }));
    },
    async act(world) {
      const code = await readCode(world, findLink(world, 'ben'));
      const response = await submitForm(world, findLink(world, 'ann'), { decision: 'approve', code });
      assert.equal(response.status, 422);
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(firstRequest(outcome).votes, ['asked']);
      assert.match(detailOf(outcome).texts.join('\n'), /You started this build/);
    },
  }),

  scenario('a rejection with a reason', {
    sweep: false, // the rejection of a workflow step is swept
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world) {
      await reject(world, 'ben', 'sshd is open to the <world> & "all"');
      await world.settle();
      const page = await openPage(world, findLink(world, 'ann'));
      assert.match(page, /was rejected/);
      assert.match(page, /open to the &lt;world&gt; &amp; &quot;all&quot;/);
    },
    expect(outcome, calls) {
      const { status, isOpen } = firstRequest(outcome);
      assert.deepEqual([status, isOpen], ['rejected', false]);
      assert.deepEqual(stateOf(outcome).permissions, [[]]);
      assert.deepEqual(outcome.events, ['ended: rejected']);
      assert.deepEqual(outcome.mails?.slice(3).toSorted(), toAllApprovers('web-server 1.4.0/7: rejected'));
      assert.match(detailOf(outcome).texts.at(-1) ?? '', /ben@example.com rejected it on .*: sshd is open/);
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 0);
    },
  }),

  scenario('a request expires without a decision', {
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world) {
      await world.advance(3 * DAY);
      await world.fire(SWEEP);
      await world.settle();
    },
    expect(outcome) {
      const { status, isOpen, votes } = firstRequest(outcome);
      assert.deepEqual([status, isOpen, votes], ['expired', false, ['asked', 'expired']]);
      assert.deepEqual(outcome.events, ['ended: expired']);
      assert.deepEqual(
        outcome.mails?.slice(3).toSorted(),
        toAllApprovers('web-server 1.4.0/7: not decided in time'),
      );
    },
  }),

  scenario('a reminder at half time for those who have not voted, once', {
    arrange: async (world) => {
      const input = { buildType: 'USER_INITIATED' } as const;
      const created = await requestApproval(world, await createBuild(world, input));
      await approve(world, 'ann');
      await world.advance(1.4 * DAY);
      await world.fire(SWEEP);
      await world.settle();
      return created;
    },
    async act(world) {
      for (const _ of ['the reminder', 'nothing']) {
        await world.advance(0.2 * DAY);
        await world.fire(SWEEP);
        await world.settle();
      }
    },
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'pending');
      assert.deepEqual(
        outcome.mails?.slice(3).sort(),
        toAllApprovers(`Reminder: ${REQUEST_SUBJECT}`).filter((mail) => !mail.includes('ann@')),
      );
      const text = detailOf(outcome).texts.at(-1) ?? '';
      assert.match(text, /^This is a reminder.*\nVotes\n {2}ann@example.com approved it on /s);
    },
  }),

  scenario('distribution settings change between request and approval', {
    arrange: async (world) => {
      const created = await requestApproval(world, await createBuild(world));
      changeDistribution(world, created, { userIds: ['777788889999'] });
      await approve(world, 'ann');
      return created;
    },
    act: (world) => world.settle(),
    expect(outcome, calls) {
      const { status, round, votes } = firstRequest(outcome);
      assert.deepEqual([status, round], ['pending', 2]);
      assert.equal(votes.length, 4);
      assert.match(votes.at(-1) ?? '', /^asked its distribution settings changed/);
      assert.deepEqual(stateOf(outcome).permissions, [[]]);
      assert.deepEqual(
        [...(outcome.mails ?? [])].sort(),
        [...toAllApprovers(REQUEST_SUBJECT), ...toAllApprovers(SECOND_REQUEST_SUBJECT)].sort(),
      );
      assert.match(
        detailOf(outcome).texts.at(-1) ?? '',
        /^ROUND 2\n {2}Approval is requested again because its distribution settings.*\n {2}Round 1 was approved by ann@/,
      );
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 0);
    },
  }),

  scenario('a link from an earlier round', {
    sweep: false, // the new round is swept in the scenario above
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world, created) {
      const oldLink = findLink(world, 'ann');
      const code = await readCode(world, oldLink);
      changeDistribution(world, created, { userIds: ['777788889999'] });
      await approve(world, 'ben');
      await world.settle();
      assert.equal((await submitForm(world, oldLink, { decision: 'approve', code })).status, 404);
      await world.settle();
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome) {
      const { status, round } = firstRequest(outcome);
      assert.deepEqual([status, round], ['shared', 2]);
    },
  }),
];
