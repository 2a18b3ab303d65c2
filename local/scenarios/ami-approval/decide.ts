import assert from 'node:assert/strict';
import { build, HOME, redistribute } from './builds.ts';
import {
  ASKED,
  countOf,
  detailOf,
  OWNERS_TOLD,
  requestIn,
  SHARED,
  scenario,
  seenIn,
  toAll,
} from './observe.ts';
import { approve, askAbout, codeOn, linkOf, reject, send, visit } from './people.ts';

const DAY = 86_400_000;
const SWEEP = 'SweepApprovalsSweep';

export const deciding = [
  scenario('one approver', {
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world) {
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(requestIn(outcome), {
        part: 'share',
        status: 'shared',
        isOpen: false,
        round: 1,
        votes: ['asked', 'ann@example.com approve', 'shared'],
        shares: [`${HOME}: shared`],
      });
      assert.deepEqual(seenIn(outcome).permissions, [SHARED]);
      assert.deepEqual(outcome.events, ['ended: shared']);
      assert.equal(outcome.mails?.at(-1), OWNERS_TOLD);
      assert.equal(countOf(calls, 'ModifyImageAttribute'), 1);
    },
  }),

  scenario('two of three', {
    sweep: false, // one vote more than the first
    arrange: async (world) => askAbout(world, await build(world, { buildType: 'USER_INITIATED' })),
    async act(world) {
      await approve(world, 'ann');
      await world.settle();
      const page = await visit(world, linkOf(world, 'ann'));
      assert.match(page, /You approved web-server.*One more approval is needed/s);
      assert.equal(countOf(world.calls(), 'ModifyImageAttribute'), 0);
      await approve(world, 'cem');
      await world.settle();
    },
    expect(outcome) {
      const { votes, status } = requestIn(outcome);
      assert.equal(status, 'shared');
      assert.deepEqual(votes, ['asked', 'ann@example.com approve', 'cem@example.com approve', 'shared']);
    },
  }),

  scenario('whoever started the build may not approve it', {
    sweep: false, // nothing is written but a rejection, which is swept below
    arrange: async (world) => {
      const tags = { 'groundcrew:started-by': 'Ann@example.com' };
      return askAbout(world, await build(world, { buildType: 'USER_INITIATED', tags }));
    },
    async act(world) {
      const code = await codeOn(world, linkOf(world, 'ben'));
      const answer = await send(world, linkOf(world, 'ann'), { decision: 'approve', code });
      assert.equal(answer.status, 422);
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(requestIn(outcome).votes, ['asked']);
      assert.match(detailOf(outcome).texts.join('\n'), /You started this build/);
    },
  }),

  scenario('reject with reason', {
    sweep: false, // as at the gate, which is swept, without the step
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world) {
      await reject(world, 'ben', 'sshd is open to the <world> & "all"');
      await world.settle();
      const page = await visit(world, linkOf(world, 'ann'));
      assert.match(page, /was rejected/);
      assert.match(page, /open to the &lt;world&gt; &amp; &quot;all&quot;/);
    },
    expect(outcome, calls) {
      const { status, isOpen } = requestIn(outcome);
      assert.deepEqual([status, isOpen], ['rejected', false]);
      assert.deepEqual(seenIn(outcome).permissions, [[]]);
      assert.deepEqual(outcome.events, ['ended: rejected']);
      assert.deepEqual(outcome.mails?.slice(3), toAll('web-server 1.4.0/7: rejected'));
      assert.match(detailOf(outcome).texts.at(-1) ?? '', /ben@example.com rejected it on .*: sshd is open/);
      assert.equal(countOf(calls, 'ModifyImageAttribute'), 0);
    },
  }),

  scenario('nobody decides in time', {
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world) {
      await world.advance(3 * DAY);
      await world.fire(SWEEP);
      await world.settle();
    },
    expect(outcome) {
      const { status, isOpen, votes } = requestIn(outcome);
      assert.deepEqual([status, isOpen, votes], ['expired', false, ['asked', 'expired']]);
      assert.deepEqual(outcome.events, ['ended: expired']);
      assert.deepEqual(outcome.mails?.slice(3), toAll('web-server 1.4.0/7: not decided in time'));
    },
  }),

  scenario('settings changed between request and click', {
    arrange: async (world) => {
      const made = await askAbout(world, await build(world));
      redistribute(world, made, { userIds: ['777788889999'] });
      await approve(world, 'ann');
      return made;
    },
    act: (world) => world.settle(),
    expect(outcome, calls) {
      const { status, round, votes } = requestIn(outcome);
      assert.deepEqual([status, round], ['pending', 2]);
      assert.equal(votes.length, 4);
      assert.match(votes.at(-1) ?? '', /^asked its distribution settings changed/);
      assert.deepEqual(seenIn(outcome).permissions, [[]]);
      assert.deepEqual([...(outcome.mails ?? [])].sort(), [...toAll(ASKED), ...toAll(ASKED)].sort());
      assert.match(detailOf(outcome).texts.at(-1) ?? '', /You are asked again: its distribution settings/);
      assert.equal(countOf(calls, 'ModifyImageAttribute'), 0);
    },
  }),

  scenario('a link of the round before', {
    sweep: false, // the round is swept above
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world, made) {
      const old = linkOf(world, 'ann');
      const code = await codeOn(world, old);
      redistribute(world, made, { userIds: ['777788889999'] });
      await approve(world, 'ben');
      await world.settle();
      assert.equal((await send(world, old, { decision: 'approve', code })).status, 404);
      await world.settle();
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome) {
      const { status, round } = requestIn(outcome);
      assert.deepEqual([status, round], ['shared', 2]);
    },
  }),
];
