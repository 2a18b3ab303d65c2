import assert from 'node:assert/strict';
import { CreateTagsCommand, DisableImageCommand } from '@aws-sdk/client-ec2';
import { countCalls } from '../../scenario-kit/calls.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import { approve, reject, requestApproval, requestStepApproval } from './approvers.ts';
import { createBuild, createWaitingBuild, ec2Client, HOME_REGION, OTHER_REGION, STEP_ID } from './builds.ts';
import {
  detailOf,
  firstRequest,
  OWNERS_MAIL,
  SHARED_PERMISSIONS,
  scenario,
  stateOf,
  toAllApprovers,
} from './observe.ts';

const NOT_CARRIED_OUT = 'web-server 1.4.0/7: not carried out';

export const executeScenarios = [
  scenario('sharing in two Regions: one fails and is retried', {
    sweep: false, // injects a fault itself
    arrange: async (world) =>
      requestApproval(world, await createBuild(world, { regions: [HOME_REGION, OTHER_REGION] })),
    async act(world) {
      await approve(world, 'ann');
      // Call 7 is the second change, after the read, the claim, and the reads of the image and its two AMIs.
      world.failCall('ExecuteApproval', 7);
      await world.settle();
    },
    expect(outcome, calls) {
      const { status, shares } = firstRequest(outcome);
      assert.deepEqual([status, shares], ['shared', [`${HOME_REGION}: shared`, `${OTHER_REGION}: shared`]]);
      assert.deepEqual(stateOf(outcome).permissions, [SHARED_PERMISSIONS, SHARED_PERMISSIONS]);
      assert.ok(countCalls(calls, 'ModifyImageAttribute', 500) > 0, 'one failed');
      assert.equal(
        countCalls(calls, 'ModifyImageAttribute', 200),
        2,
        'a change that succeeded is not repeated',
      );
      assert.deepEqual(outcome.events, ['ended: shared']);
      assert.equal(outcome.mails?.filter((mail) => mail === OWNERS_MAIL).length, 1);
    },
  }),

  scenario('an image encrypted with a customer managed key', {
    sweep: false, // only three more reads than a swept scenario
    arrange: async (world) => {
      const created = await requestApproval(world, await createBuild(world, { encryption: 'own key' }));
      await approve(world, 'ann');
      return created;
    },
    act: (world) => world.settle(),
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'shared');
      assert.deepEqual(stateOf(outcome).permissions, [SHARED_PERMISSIONS]);
      const text = detailOf(outcome).texts.find((one) => one.includes('is now shared with you')) ?? '';
      assert.match(text, /cannot tell whether account 444455556666 can use its key/);
      assert.match(text, /cannot tell whether organization o-a1b2c3d4e5 can use its key/);
      assert.doesNotMatch(text, /does not name|whether (account 111122223333|organizational unit)/);
    },
  }),

  scenario('an image encrypted with the AWS managed key', {
    sweep: false, // fails before anything is changed
    arrange: async (world) => requestApproval(world, await createBuild(world, { encryption: 'aws/ebs' })),
    async act(world) {
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome, calls) {
      assert.equal(firstRequest(outcome).status, 'failed');
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 0);
      assert.deepEqual(outcome.events, ['ended: failed']);
      assert.deepEqual(outcome.mails?.slice(3).toSorted(), toAllApprovers(NOT_CARRIED_OUT));
      assert.match(
        detailOf(outcome).texts.at(-1) ?? '',
        /AWS managed key aws\/ebs.*Rebuild it with a customer/,
      );
    },
  }),

  scenario('one of two AMIs is disabled before the approval', {
    sweep: false, // fails before anything is changed
    arrange: async (world) =>
      requestApproval(world, await createBuild(world, { regions: [HOME_REGION, OTHER_REGION] })),
    async act(world, { amis }) {
      await ec2Client(world, OTHER_REGION).send(new DisableImageCommand({ ImageId: amis[1]?.id }));
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'failed');
      assert.deepEqual(stateOf(outcome).permissions, [[], []]);
      assert.match(detailOf(outcome).texts.at(-1) ?? '', /in us-east-1: it is disabled, not available/);
    },
  }),

  scenario('an AMI that belongs to another build', {
    sweep: false, // fails before anything is changed
    arrange: async (world) => requestApproval(world, await createBuild(world)),
    async act(world, { amis }) {
      const Tags = [{ Key: 'Ec2ImageBuilderArn', Value: 'arn:aws:imagebuilder:eu-west-1:1:image/x/1.0.0/1' }];
      await ec2Client(world, HOME_REGION).send(
        new CreateTagsCommand({ Resources: [amis[0]?.id ?? ''], Tags }),
      );
      await approve(world, 'ann');
      await world.settle();
    },
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'failed');
      assert.deepEqual(stateOf(outcome).permissions, [[]]);
    },
  }),

  scenario('a waiting workflow step is approved', {
    arrange: async (world) => {
      const created = await requestStepApproval(world, await createWaitingBuild(world));
      await approve(world, 'ann');
      return created;
    },
    act: (world) => world.settle(),
    expect(outcome, calls) {
      assert.equal(firstRequest(outcome).status, 'resumed');
      assert.deepEqual(outcome.effects, ['RESUME: Approved by ann@example.com']);
      assert.deepEqual(outcome.events, ['ended: resumed']);
      const others = toAllApprovers('web-server 1.4.0/7: approved and continues').slice(1);
      assert.deepEqual(outcome.mails?.slice(3).toSorted(), others);
      assert.equal(countCalls(calls, 'ModifyImageAttribute'), 0);
    },
  }),

  scenario('a waiting workflow step is rejected', {
    arrange: async (world) => {
      const created = await requestStepApproval(world, await createWaitingBuild(world));
      await reject(world, 'cem', 'the tests are red');
      return created;
    },
    act: (world) => world.settle(),
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'rejected');
      assert.deepEqual(outcome.effects, ['STOP: Rejected by cem@example.com: the tests are red']);
      assert.deepEqual(outcome.mails?.slice(3).toSorted(), toAllApprovers('web-server 1.4.0/7: rejected'));
      const { chats } = detailOf(outcome);
      assert.deepEqual(
        chats.map(({ content }) => content.title),
        ['Approval requested: web-server 1.4.0/7', 'web-server 1.4.0/7: rejected'],
      );
      assert.equal(new Set(chats.map(({ metadata }) => metadata.threadId)).size, 1);
      assert.doesNotMatch(JSON.stringify(chats), /\/approvals\//);
    },
  }),

  scenario('a workflow step times out before the answer', {
    sweep: false, // Image Builder refuses the answer, which is final
    arrange: async (world) =>
      requestStepApproval(world, await createWaitingBuild(world, { timeoutSeconds: 7200 })),
    async act(world, { imageArn }) {
      await approve(world, 'ann');
      emulatedState(world, 'imagebuilder').steps.set(STEP_ID, {
        imageArn,
        name: 'ApproveImage',
        startedAt: 0,
        timeoutSeconds: 60,
      });
      await world.settle();
    },
    expect(outcome) {
      assert.equal(firstRequest(outcome).status, 'failed');
      assert.deepEqual(outcome.effects, []);
      assert.match(
        detailOf(outcome).texts.at(-1) ?? '',
        /did not accept the answer for the workflow step ApproveImage \(InvalidRequest/,
      );
    },
  }),

  scenario('a waiting workflow step whose event was lost', {
    sweep: false, // the calls of SweepApprovals are swept in the scenario of an expired request
    arrange: (world) => createWaitingBuild(world),
    async act(world) {
      await world.fire('SweepApprovalsSweep');
      await world.settle();
      await world.fire('SweepApprovalsSweep');
      await world.settle();
    },
    expect(outcome) {
      assert.deepEqual(
        stateOf(outcome).requests.map(({ part, status }) => [part, status]),
        [[STEP_ID, 'pending']],
      );
      assert.deepEqual(
        [...(outcome.mails ?? [])].sort(),
        toAllApprovers('Approve build web-server 1.4.0/7?'),
      );
    },
  }),
];
