import assert from 'node:assert/strict';
import { CreateTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { countCalls } from '../../scenario-kit/calls.ts';
import type { World } from '../../scenario-kit/world.ts';
import { approve, requestApproval, requestStepApproval } from './approvers.ts';
import { createBuild, createWaitingBuild, ORGANIZATION, parameters, STEP_ID } from './builds.ts';
import { imageMessage, imageStateChange, scanFindings, stepWaiting } from './events.ts';
import { detailOf, firstRequest, REQUEST_SUBJECT, scenario, stateOf, toAllApprovers } from './observe.ts';

async function publishBuildMessage(world: World, message: string): Promise<void> {
  const sns = world.client(SNSClient);
  await sns.send(new CreateTopicCommand({ Name: 'image-builds' }));
  await sns.send(new PublishCommand({ TopicArn: parameters.BuildTopicArn, Message: message }));
}

function packagesOf(openssl: string): Record<string, string> {
  const others = Array.from({ length: 59 }, (_, i) => [`package-${i}`, '1.0']);
  return { openssl, ...Object.fromEntries(others) };
}

export const requestScenarios = [
  scenario('a build announced by EventBridge and by SNS', {
    arrange: (world) => createBuild(world),
    async act(world, { imageArn }) {
      await world.put(imageStateChange(world, imageArn, 'AVAILABLE'));
      await world.settle();
      await publishBuildMessage(world, imageMessage(imageArn, 'AVAILABLE'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(firstRequest(outcome), {
        part: 'share',
        status: 'pending',
        isOpen: true,
        round: 1,
        votes: ['asked'],
        shares: [],
      });
      assert.deepEqual([...(outcome.mails ?? [])].sort(), toAllApprovers(REQUEST_SUBJECT));
      assert.deepEqual(stateOf(outcome).permissions, [[]]);
    },
  }),

  scenario('an image with vulnerabilities that its distribution settings already share', {
    sweep: false, // requested as in the first scenario; findings are swept below
    arrange: (world) => createBuild(world, { launchPermission: { organizationArns: [ORGANIZATION] } }),
    async act(world, created) {
      const counts = { all: 20, critical: 2, high: 5, medium: 9 };
      await world.put(scanFindings(world, created.imageArn, counts));
      await world.settle();
      await requestApproval(world, created);
    },
    expect(outcome) {
      const [text = ''] = detailOf(outcome).texts;
      assert.match(text, /ALREADY SHARED:.*\n {2}organization o-a1b2c3d4e5 in eu-west-1/);
      assert.match(text, /KNOWN VULNERABILITIES: 2 critical, 5 high, 9 medium; 20 in total/);
    },
  }),

  scenario('the next build of a pipeline is compared to the approved one', {
    arrange: async (world) => {
      const components = ['nginx/1.0.2/1'];
      await requestApproval(world, await createBuild(world, { components, packages: packagesOf('3.0.8') }));
      await approve(world, 'ann');
      await world.settle();
      return createBuild(world, {
        version: '1.5.0/1',
        components: ['nginx/1.0.3/1', 'chrony/1.0.0/1'],
        packages: packagesOf('3.2.2'),
        tests: [{ status: 'COMPLETED', totalStepCount: 5, totalStepsSucceeded: 5 }],
        scan: 'COMPLETED',
        severityCounts: { all: 4, critical: 0, high: 1, medium: 3 },
        tags: { 'groundcrew:started-by': 'dan@example.com' },
      });
    },
    act: async (world, created) => void (await requestApproval(world, created)),
    expect(outcome, calls) {
      const [text = ''] = detailOf(outcome).texts.slice(-1);
      assert.match(text, /\nKNOWN VULNERABILITIES: 1 high, 3 medium; 4 in total, as of /);
      assert.match(text, /\n {2}Scan {11}1 high, 3 medium; 4 in total, as of /);
      assert.match(
        text,
        /\n {2}Tests {10}passed: 5 of 5 steps succeeded\n {2}Started by {5}dan@example.com\n/,
      );
      assert.match(
        text,
        /\nChanged since 1\.4\.0\/7, approved on .*\n {2}Recipe: web-server 1\.5\.0, was web-server 1\.4\.0\n/,
      );
      assert.match(
        text,
        /\n {2}Component nginx: 1\.0\.3\/1, was 1\.0\.2\/1\n {2}Component added: chrony 1\.0\.0\/1\n/,
      );
      assert.match(text, /\n {2}Package openssl: 3\.2\.2, was 3\.0\.8\n {2}Not compared, because x means/);
      assert.match(text, /\n {2}account 111122223333 \(shop\)\n/);
      assert.ok(countCalls(calls, 'ListImagePackages') >= 3, '60 packages on pages of 25');
    },
  }),

  scenario('scan findings arrive twice and out of order', {
    arrange: (world) => createBuild(world),
    async act(world, { imageArn }) {
      const early = scanFindings(world, imageArn, { all: 1, critical: 1, high: 0, medium: 0 });
      world.clock.skip(60_000);
      await world.put(scanFindings(world, imageArn, { all: 3, critical: 1, high: 2, medium: 0 }));
      await world.settle();
      await world.put(early);
      await world.settle();
    },
    expect(outcome, calls) {
      assert.deepEqual(stateOf(outcome).findings, { all: 3, critical: 1, high: 2, medium: 0 });
      assert.equal(countCalls(calls, 'PutItem'), 1);
    },
  }),

  scenario('a failed build announced by EventBridge and by SNS', {
    arrange: (world) =>
      createBuild(world, { regions: [], status: 'FAILED', reason: 'SSM execution timed out' }),
    async act(world, { imageArn }) {
      await world.put(imageStateChange(world, imageArn, 'FAILED'));
      await world.settle();
      await publishBuildMessage(world, imageMessage(imageArn, 'FAILED', 'SSM execution timed out'));
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(outcome.mails, ['Image build web-server 1.4.0/7 failed (on-call@example.com)']);
      assert.match(detailOf(outcome).texts[0] ?? '', /SSM execution timed out/);
    },
  }),

  scenario('a waiting workflow step, then its finished image', {
    sweep: false, // both halves are swept in other scenarios
    arrange: (world) => createWaitingBuild(world),
    async act(world, created) {
      await requestStepApproval(world, created);
      await world.put(stepWaiting(world, created.imageArn, STEP_ID));
      await requestApproval(world, created);
    },
    expect(outcome) {
      assert.deepEqual(
        stateOf(outcome).requests.map(({ part }) => part),
        [STEP_ID],
      );
      assert.deepEqual(
        [...(outcome.mails ?? [])].sort(),
        toAllApprovers('Approve build web-server 1.4.0/7?'),
      );
    },
  }),
];
