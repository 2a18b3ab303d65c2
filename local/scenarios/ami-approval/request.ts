import assert from 'node:assert/strict';
import { CreateTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { World } from '../../pack/world.ts';
import { build, ORGANIZATION, parameters, STEP, waitingBuild } from './builds.ts';
import { findingsOf, imageEvent, imageMessage, stepWaiting } from './events.ts';
import { ASKED, countOf, detailOf, requestIn, scenario, seenIn, toAll } from './observe.ts';
import { askAbout, askAtStep } from './people.ts';

async function tellBySns(world: World, message: string): Promise<void> {
  const sns = world.client(SNSClient);
  await sns.send(new CreateTopicCommand({ Name: 'image-builds' }));
  await sns.send(new PublishCommand({ TopicArn: parameters.AmiApprovalBuildTopicArn, Message: message }));
}

export const asking = [
  scenario('duplicate notices by both paths', {
    arrange: (world) => build(world),
    async act(world, { imageArn }) {
      await world.put(imageEvent(world, imageArn, 'AVAILABLE'));
      await world.settle();
      await tellBySns(world, imageMessage(imageArn, 'AVAILABLE'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(requestIn(outcome), {
        part: 'share',
        status: 'pending',
        isOpen: true,
        round: 1,
        votes: ['asked'],
        shares: [],
      });
      assert.deepEqual([...(outcome.mails ?? [])].sort(), toAll(ASKED));
      assert.deepEqual(seenIn(outcome).permissions, [[]]);
    },
  }),

  scenario('an image that its distribution settings share already, with vulnerabilities', {
    sweep: false, // asked about as in the first scenario; findings are swept below
    arrange: (world) => build(world, { launchPermission: { organizationArns: [ORGANIZATION] } }),
    async act(world, made) {
      const counts = { all: 20, critical: 2, high: 5, medium: 9 };
      await world.put(findingsOf(world, made.imageArn, counts));
      await world.settle();
      await askAbout(world, made);
    },
    expect(outcome) {
      const [text = ''] = detailOf(outcome).texts;
      assert.match(text, /SHARED ALREADY:.*\n {2}organization o-a1b2c3d4e5 in eu-west-1/);
      assert.match(text, /KNOWN VULNERABILITIES: 2 critical, 5 high, 9 medium; 20 in all/);
    },
  }),

  scenario('vulnerabilities found, told twice and out of order', {
    arrange: (world) => build(world),
    async act(world, { imageArn }) {
      const early = findingsOf(world, imageArn, { all: 1, critical: 1, high: 0, medium: 0 });
      world.clock.skip(60_000);
      await world.put(findingsOf(world, imageArn, { all: 3, critical: 1, high: 2, medium: 0 }));
      await world.settle();
      await world.put(early);
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(seenIn(outcome).findings, { all: 3, critical: 1, high: 2, medium: 0 });
      assert.equal(countOf(calls, 'PutItem'), 1);
    },
  }),

  scenario('a build that failed, told by both paths', {
    arrange: (world) => build(world, { regions: [], status: 'FAILED', reason: 'SSM execution timed out' }),
    async act(world, { imageArn }) {
      await world.put(imageEvent(world, imageArn, 'FAILED'));
      await world.settle();
      await tellBySns(world, imageMessage(imageArn, 'FAILED', 'SSM execution timed out'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(outcome.mails, ['Image build web-server 1.4.0/7 failed (on-call@example.com)']);
      assert.match(detailOf(outcome).texts[0] ?? '', /SSM execution timed out/);
    },
  }),

  scenario('a step that waits, then its image', {
    sweep: false, // each half is swept elsewhere
    arrange: waitingBuild,
    async act(world, made) {
      await askAtStep(world, made);
      await world.put(stepWaiting(world, made.imageArn, STEP));
      await askAbout(world, made);
    },
    expect(outcome) {
      assert.deepEqual(
        seenIn(outcome).requests.map(({ part }) => part),
        [STEP],
      );
      assert.deepEqual([...(outcome.mails ?? [])].sort(), toAll('Approve build web-server 1.4.0/7?'));
    },
  }),
];
