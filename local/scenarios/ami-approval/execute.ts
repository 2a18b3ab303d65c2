import assert from 'node:assert/strict';
import { CreateTagsCommand, DisableImageCommand } from '@aws-sdk/client-ec2';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import { AWAY, build, ec2In, HOME, STEP, waitingBuild } from './builds.ts';
import { countOf, detailOf, OWNERS_TOLD, requestIn, SHARED, scenario, seenIn, toAll } from './observe.ts';
import { approve, askAbout, askAtStep, reject } from './people.ts';

const NOT_DONE = 'web-server 1.4.0/7: not carried out';

export const executing = [
  scenario('two Regions, one fails half way and is repeated', {
    sweep: false, // it brings a fault of its own
    arrange: async (world) => askAbout(world, await build(world, { regions: [HOME, AWAY] })),
    async act(world) {
      await approve(world, 'ann');
      // After the read, the claim, the image and its two AMIs: the second of the two changes.
      world.failCall('ExecuteApproval', 7);
      await world.settle();
    },
    expect(outcome, calls) {
      const { status, shares } = requestIn(outcome);
      assert.deepEqual([status, shares], ['shared', [`${HOME}: shared`, `${AWAY}: shared`]]);
      assert.deepEqual(seenIn(outcome).permissions, [SHARED, SHARED]);
      assert.ok(countOf(calls, 'ModifyImageAttribute', 500) > 0, 'one failed');
      assert.equal(countOf(calls, 'ModifyImageAttribute', 200), 2, 'what was done is not done again');
      assert.deepEqual(outcome.events, ['ended: shared']);
      assert.equal(outcome.mails?.filter((mail) => mail === OWNERS_TOLD).length, 1);
    },
  }),

  scenario('an image encrypted with a key of its own', {
    sweep: false, // three reads more than what is swept
    arrange: async (world) => {
      const made = await askAbout(world, await build(world, { encryption: 'own key' }));
      await approve(world, 'ann');
      return made;
    },
    act: (world) => world.settle(),
    expect(outcome) {
      assert.equal(requestIn(outcome).status, 'shared');
      assert.deepEqual(seenIn(outcome).permissions, [SHARED]);
      const told = detailOf(outcome).texts.at(-1) ?? '';
      assert.match(told, /its key policy does not name account 444455556666, which will fail to launch it/);
      assert.doesNotMatch(told, /does not name (account 111122223333|organization)/);
    },
  }),

  scenario('encrypted image, with the AWS managed key', {
    sweep: false, // refused before anything is changed
    arrange: async (world) => askAbout(world, await build(world, { encryption: 'aws/ebs' })),
    async act(world) {
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome, calls) {
      assert.equal(requestIn(outcome).status, 'failed');
      assert.equal(countOf(calls, 'ModifyImageAttribute'), 0);
      assert.deepEqual(outcome.events, ['ended: failed']);
      assert.deepEqual(outcome.mails?.slice(3), toAll(NOT_DONE));
      assert.match(
        detailOf(outcome).texts.at(-1) ?? '',
        /AWS managed key aws\/ebs.*Build it with a customer/,
      );
    },
  }),

  scenario('one AMI of two is disabled meanwhile', {
    sweep: false, // refused before anything is changed
    arrange: async (world) => askAbout(world, await build(world, { regions: [HOME, AWAY] })),
    async act(world, { amis }) {
      await ec2In(world, AWAY).send(new DisableImageCommand({ ImageId: amis[1]?.id }));
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome) {
      assert.equal(requestIn(outcome).status, 'failed');
      assert.deepEqual(seenIn(outcome).permissions, [[], []]);
      assert.match(detailOf(outcome).texts.at(-1) ?? '', /in us-east-1: it is disabled, not available/);
    },
  }),

  scenario('an AMI that another build made', {
    sweep: false, // refused before anything is changed
    arrange: async (world) => askAbout(world, await build(world)),
    async act(world, { amis }) {
      const Tags = [{ Key: 'Ec2ImageBuilderArn', Value: 'arn:aws:imagebuilder:eu-west-1:1:image/x/1.0.0/1' }];
      await ec2In(world, HOME).send(new CreateTagsCommand({ Resources: [amis[0]?.id ?? ''], Tags }));
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome) {
      assert.equal(requestIn(outcome).status, 'failed');
      assert.deepEqual(seenIn(outcome).permissions, [[]]);
    },
  }),

  scenario('native gate resumed', {
    arrange: async (world) => {
      const made = await askAtStep(world, await waitingBuild(world));
      await approve(world, 'ann');
      return made;
    },
    act: (world) => world.settle(),
    expect(outcome, calls) {
      assert.equal(requestIn(outcome).status, 'resumed');
      assert.deepEqual(outcome.effects, ['RESUME: Approved by ann@example.com']);
      assert.deepEqual(outcome.events, ['ended: resumed']);
      assert.equal(countOf(calls, 'ModifyImageAttribute'), 0);
    },
  }),

  scenario('native gate stopped', {
    arrange: async (world) => {
      const made = await askAtStep(world, await waitingBuild(world));
      await reject(world, 'cem', 'the tests are red');
      return made;
    },
    act: (world) => world.settle(),
    expect(outcome) {
      assert.equal(requestIn(outcome).status, 'rejected');
      assert.deepEqual(outcome.effects, ['STOP: Rejected by cem@example.com: the tests are red']);
      assert.deepEqual(outcome.mails?.slice(3), toAll('web-server 1.4.0/7: rejected'));
    },
  }),

  scenario('a step that gave up before it was answered', {
    sweep: false, // refused by Image Builder, and over
    arrange: async (world) => askAtStep(world, await waitingBuild(world, 7200)),
    async act(world, { imageArn }) {
      await approve(world, 'ann');
      emulatedState(world, 'imagebuilder').steps.set(STEP, {
        imageArn,
        name: 'ApproveImage',
        startedAt: 0,
        timeoutSeconds: 60,
      });
      await world.settle();
    },
    expect(outcome) {
      assert.equal(requestIn(outcome).status, 'failed');
      assert.deepEqual(outcome.effects, []);
      assert.match(
        detailOf(outcome).texts.at(-1) ?? '',
        /ApproveImage could not be answered \(InvalidRequest/,
      );
    },
  }),

  scenario('a step whose event was lost', {
    sweep: false, // the sweep's calls are swept with what expires
    arrange: waitingBuild,
    async act(world) {
      await world.fire('SweepApprovalsSweep');
      await world.settle();
      await world.fire('SweepApprovalsSweep');
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(
        seenIn(outcome).requests.map(({ part, status }) => [part, status]),
        [[STEP, 'pending']],
      );
      assert.deepEqual([...(outcome.mails ?? [])].sort(), toAll('Approve build web-server 1.4.0/7?'));
    },
  }),
];
