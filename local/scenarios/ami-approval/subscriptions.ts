import assert from 'node:assert/strict';
import { PublishCommand, SNSClient, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { countCalls } from '../../scenario-kit/calls.ts';
import { emulatedState } from '../../scenario-kit/emulated-state.ts';
import type { Scenario } from '../../scenario-kit/scenario.ts';
import {
  findLink,
  followLink,
  forgetMails,
  newMails,
  openPage,
  requestApproval,
  subscribeApprovers,
  sweep,
} from './approvers.ts';
import { createBuild } from './builds.ts';
import { REQUEST_SUBJECT } from './observe.ts';
import { addDeparted, imageArnOf, observe, stateOf, subscribeEve, textsOf, topicOf } from './topics.ts';

// Each approver has a topic of their own, and gets links only after they have confirmed its subscription.

const HOUR = 3_600_000;
const CONFIRM = 'AWS Notification - Subscription Confirmation';

function to(subject: string, ...people: readonly string[]): string[] {
  return people.map((person) => `${subject} (${person}@example.com)`);
}

/** What on-call hears about each of them, in one mail or in several. */
function unreachable(...people: readonly string[]): string[] {
  return people.map((person) => `${person}@example.com cannot get mails (on-call@example.com)`);
}

type Parts = Omit<Scenario<void>, 'wing' | 'observe'>;

const scenario = (parts: Parts): Scenario<void> => ({ wing: 'ami-approval', observe, ...parts });

export const subscriptionScenarios = [
  scenario({
    name: 'new approvers get one mail to confirm, and on-call hears once',
    arrange: async (world) => forgetMails(world),
    act: (world) => sweep(world),
    after: (world) => sweep(world),
    expect(outcome) {
      const addresses = ['ann', 'ben', 'cem'].map((person) => `${person}@example.com pending`);
      assert.deepEqual(stateOf(outcome), { approvers: addresses, subscriptions: addresses, topics: 3 });
      assert.deepEqual(
        [...(outcome.mails ?? [])].sort(),
        [...to(CONFIRM, 'ann', 'ben', 'cem'), ...unreachable('ann', 'ben', 'cem')].sort(),
      );
      assert.match(textsOf(outcome), /NOTHING CAN BE APPROVED NOW: 1 approval/);
    },
  }),

  scenario({
    name: 'an approver who confirms late gets the link then',
    async arrange(world) {
      await subscribeApprovers(world, ['ann', 'cem']);
      await requestApproval(world, await createBuild(world));
    },
    // Finds nothing to do. Swept in the scenario of new approvers.
    before: (world) => sweep(world),
    async act(world) {
      await followLink(world, 'ben', 'ConfirmSubscription');
      await sweep(world);
    },
    after: (world) => sweep(world),
    expect(outcome, calls) {
      assert.deepEqual([...(outcome.mails ?? [])].sort(), to(REQUEST_SUBJECT, 'ann', 'ben', 'cem'));
      assert.equal(
        countCalls(calls, 'PutEvents'),
        1,
        'a sweep wakes nobody for those who have not confirmed',
      );
    },
  }),

  scenario({
    name: 'a mail scanner unsubscribes an approver',
    async arrange(world) {
      await subscribeApprovers(world);
      await requestApproval(world, await createBuild(world));
      await followLink(world, 'ben', 'Unsubscribe');
    },
    async act(world) {
      await sweep(world);
    },
    async after(world) {
      await sweep(world);
      assert.match(
        await openPage(world, findLink(world, 'ann')),
        /No vote yet: you, ben@example\.com \(gets no mails: the subscription was removed\), cem@/,
      );
      await followLink(world, 'ben', 'ConfirmSubscription');
      await sweep(world);
    },
    expect(outcome) {
      const { approvers } = stateOf(outcome);
      assert.deepEqual(approvers[1], 'ben@example.com confirmed');
      assert.deepEqual([...(outcome.mails ?? []).slice(3)].sort(), [
        ...to(CONFIRM, 'ben'),
        ...unreachable('ben'),
      ]);
      assert.match(textsOf(outcome), /ben@example\.com is unsubscribed/);
    },
  }),

  scenario({
    name: 'a subscription is removed before a request',
    async arrange(world) {
      await subscribeApprovers(world);
      await createBuild(world);
    },
    async act(world) {
      const { subscriptions } = emulatedState(world, 'sns');
      const arn = [...subscriptions.values()].find(({ endpoint }) => endpoint === 'ben@example.com')?.arn;
      await world.client(SNSClient).send(new UnsubscribeCommand({ SubscriptionArn: arn }));
      await requestApproval(world, { imageArn: imageArnOf(world), amis: [] });
    },
    // Swept in the scenarios of the scanner and of the approver who confirms late.
    async after(world) {
      await sweep(world);
      await followLink(world, 'ben', 'ConfirmSubscription');
      await sweep(world);
    },
    expect(outcome) {
      assert.deepEqual(outcome.mails?.slice(0, 1), unreachable('ben'), 'at once');
      assert.deepEqual(
        [...(outcome.mails ?? [])].sort(),
        [...unreachable('ben'), ...to(CONFIRM, 'ben'), ...to(REQUEST_SUBJECT, 'ann', 'ben', 'cem')].sort(),
      );
    },
  }),

  scenario({
    name: 'an approver leaves, and nobody else is unsubscribed',
    async arrange(world) {
      await subscribeApprovers(world);
      await addDeparted(world);
    },
    act: (world) => sweep(world),
    after: (world) => sweep(world),
    expect(outcome, calls) {
      const confirmed = ['ann', 'ben', 'cem'].map((person) => `${person}@example.com confirmed`);
      assert.deepEqual(stateOf(outcome), {
        approvers: [...confirmed, 'dan@example.com left'],
        subscriptions: confirmed,
        topics: 3,
      });
      assert.equal(countCalls(calls, 'DeleteTopic'), 1);
      assert.equal(countCalls(calls, 'Subscribe'), 0);
      assert.deepEqual(outcome.mails, []);
    },
  }),

  scenario({
    name: 'somebody else subscribes to the topic of an approver',
    async arrange(world) {
      await subscribeApprovers(world);
      await createBuild(world);
      await subscribeEve(world, 'ann');
    },
    async act(world) {
      await requestApproval(world, { imageArn: imageArnOf(world), amis: [] });
      await sweep(world);
    },
    after: (world) => sweep(world),
    expect(outcome) {
      assert.deepEqual(
        stateOf(outcome).subscriptions,
        ['ann', 'ben', 'cem'].map((person) => `${person}@example.com confirmed`),
      );
      const subject = 'AMI approvals: somebody else was subscribed to the topic of an approver';
      assert.deepEqual(
        [...(outcome.mails ?? [])].sort(),
        [`${subject} (on-call@example.com)`, ...to(REQUEST_SUBJECT, 'ann', 'ben', 'cem')].sort(),
        'eve gets nothing',
      );
      assert.match(textsOf(outcome), /eve@example\.com, from the topic of ann@example\.com/);
    },
  }),

  scenario({
    name: 'nobody else can subscribe or publish to the topic of an approver',
    sweep: false, // calls of a person only
    arrange: (world) => subscribeApprovers(world),
    async act(world) {
      const sns = world.client(SNSClient);
      const TopicArn = topicOf(world, 'ann');
      for (const [Protocol, Endpoint] of [
        ['email', 'eve@example.com'],
        ['sqs', `arn:aws:sqs:${world.region}:${world.accountId}:eve`],
      ] as const) {
        const call = sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
        await assert.rejects(call, /explicit deny/);
      }
      const call = sns.send(
        new PublishCommand({ TopicArn, Message: 'Approve AMI? Open http://eve.example' }),
      );
      await assert.rejects(call, /explicit deny/);
    },
    expect: (outcome) => assert.deepEqual(outcome.mails, []),
  }),

  scenario({
    name: 'an approver who does not confirm is asked again only while a request waits',
    sweep: false, // the calls of the first scenario, days later
    arrange: (world) => subscribeApprovers(world, ['ann', 'cem']),
    async act(world) {
      await world.advance(49 * HOUR);
      await sweep(world);
      assert.deepEqual(newMails(world), [], 'the confirmation is over, and nobody waits for it');
      await requestApproval(world, await createBuild(world));
      await sweep(world);
      await sweep(world);
      await world.advance(25 * HOUR);
      await sweep(world);
      await sweep(world);
    },
    expect: (outcome) =>
      assert.deepEqual(
        [...(outcome.mails ?? [])].sort(),
        [...to(CONFIRM, 'ben', 'ben'), ...to(REQUEST_SUBJECT, 'ann', 'cem')].sort(),
      ),
  }),
];
