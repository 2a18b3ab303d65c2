import {
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { DeregisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { beforeEach, expect, it } from 'vitest';
import { completeTerminations } from '../../../../functions/spot-cordon/complete-terminations/complete-terminations.ts';
import { parseTerminationEvent } from '../../../../functions/spot-cordon/complete-terminations/event.ts';
import type { LifecycleAction } from '../../../../functions/spot-cordon/domain/lifecycle-action.ts';
import { fakeInvocation } from '../../../support/handlers/invocation.ts';
import { clients, openAccount, refusal } from '../fake-account.ts';

// What AWS refuses, and what the local account does not have.

const NOW = Date.parse('2026-11-02T10:00:00Z');
const [A, B] = ['i-aaaa0001', 'i-aaaa0002'] as const;
const OVER = refusal('ValidationError', 'No active Lifecycle Action found with token: a and hook drain');
const DENIED = refusal('AccessDenied', 'not authorized');

function actionOf(instanceId: string, more: Partial<LifecycleAction> = {}): LifecycleAction {
  const token = `token of ${instanceId}`;
  return { instanceId, group: 'workers', hook: 'drain', token, startedAt: NOW, usesWarmPool: false, ...more };
}

async function run(...actions: LifecycleAction[]) {
  const { invocation, book } = fakeInvocation({ now: () => NOW });
  const messages = actions.map((message) => ({
    id: `about ${message.instanceId}`,
    message,
    receiveCount: 1,
  }));
  const config = { region: 'eu-west-1', queueUrl: 'queue', dryRun: false, drainSearch: 'vpc' } as const;
  const { retry } = await completeTerminations(messages, config, invocation);
  return { retry, lines: book.lines, book };
}

const completed = () =>
  clients.autoScaling.commandCalls(CompleteLifecycleActionCommand).map(({ args }) => args[0].input);
const sent = (): LifecycleAction[] =>
  clients.sqs
    .commandCalls(SendMessageBatchCommand)
    .flatMap(({ args }) => args[0].input.Entries ?? [])
    .map(({ MessageBody = '' }) => parseTerminationEvent(JSON.parse(MessageBody)));

beforeEach(() => {
  openAccount({
    instances: [{ id: A }, { id: B }],
    targetGroups: [{ arn: 'tg', targets: [{ Id: A, Port: 80 }], spares: 0 }],
  });
  clients.autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({
    AutoScalingGroups: [
      {
        AutoScalingGroupName: 'workers',
        Tags: [{ Key: 'groundcrew:complete-hook', Value: 'drain' }],
        MinSize: 0,
        MaxSize: 2,
        DesiredCapacity: 2,
        DefaultCooldown: 300,
        AvailabilityZones: [],
        HealthCheckType: 'EC2',
        CreatedTime: new Date(NOW),
      },
    ],
  });
  clients.autoScaling.on(DescribeLifecycleHooksCommand).resolves({
    LifecycleHooks: [{ LifecycleHookName: 'drain', HeartbeatTimeout: 300, GlobalTimeout: 30_000 }],
  });
});

it('answers CONTINUE with the token of the action', async () => {
  const { retry } = await run(actionOf(B));

  expect(retry).toEqual([]);
  expect(completed()).toEqual([
    {
      AutoScalingGroupName: 'workers',
      LifecycleHookName: 'drain',
      LifecycleActionToken: `token of ${B}`,
      LifecycleActionResult: 'CONTINUE',
    },
  ]);
});

it('takes an action that ended in between as done', async () => {
  clients.autoScaling.on(CompleteLifecycleActionCommand).rejects(OVER);

  const { retry, lines } = await run(actionOf(B));

  expect(retry).toEqual([]);
  expect(lines.map(({ message }) => message)).toEqual(['lifecycle action is over already']);
});

it('changes nothing for an action that is over before the first look', async () => {
  clients.autoScaling.on(RecordLifecycleActionHeartbeatCommand).rejects(OVER);

  const { retry } = await run(actionOf(A));

  expect([retry, completed(), sent()]).toEqual([[], [], []]);
  expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toEqual([]);
});

it('delivers again only the message of an action that AWS refuses', async () => {
  const token = `token of ${A}`;
  const refused = {
    AutoScalingGroupName: 'workers',
    LifecycleHookName: 'drain',
    LifecycleActionToken: token,
  };
  clients.autoScaling.on(RecordLifecycleActionHeartbeatCommand, refused).rejects(DENIED);

  const { retry } = await run(actionOf(A), actionOf(B));

  expect(retry).toEqual([{ id: `about ${A}`, error: DENIED }]);
  expect(completed().map(({ LifecycleActionToken }) => LifecycleActionToken)).toEqual([`token of ${B}`]);
});

it('looks again later if a target cannot be deregistered, and then tries again', async () => {
  clients.elb.on(DeregisterTargetsCommand).rejectsOnce(DENIED);

  const first = await run(actionOf(A));
  const [later] = sent();
  const second = await run(later ?? actionOf(B));

  expect([first.retry, second.retry]).toEqual([[], []]);
  expect(first.lines).toContainEqual({
    level: 'warn',
    message: 'not deregistered, the next look tries again',
    fields: expect.objectContaining({ instanceId: A, loadBalancer: 'tg', error: DENIED }),
  });
  expect(clients.elb.commandCalls(DeregisterTargetsCommand)).toHaveLength(2);
  expect(completed()).toEqual([]);
});

it('says what it did not wait for when the time of the hook is over', async () => {
  const targetGroup = { arn: 'tg', targetType: 'instance', vpcId: 'vpc-1', isInUse: true };
  const drain = { targetGroups: [targetGroup], classicUntil: 0, lookEveryMs: 60_000, endsAt: NOW };

  const { lines, book } = await run(actionOf(A, { drain }));

  expect(completed()).toHaveLength(1);
  expect(lines).toContainEqual({
    level: 'warn',
    message: 'lifecycle action completed before the drain ended',
    fields: expect.objectContaining({ instanceId: A, why: 'no time left', waitsFor: ['tg'] }),
  });
  expect(book.counts).toEqual({ DrainCutShort: 1 });
});

it('leaves the registrations of an instance that returns to the warm pool', async () => {
  await run(actionOf(A, { usesWarmPool: true }));

  expect(completed()).toHaveLength(1);
  expect(clients.elb.calls()).toEqual([]);
});

it('leaves the hooks of other groups alone, and says why', async () => {
  const { lines } = await run(actionOf(A, { hook: 'logs' }), actionOf(B, { group: 'gone' }));

  expect(lines.map(({ message, fields }) => [message, fields.reason])).toEqual([
    ['lifecycle action left alone', 'the tag groundcrew:complete-hook names another hook'],
    ['lifecycle action left alone', 'the group no longer exists'],
  ]);
  expect(clients.autoScaling.commandCalls(RecordLifecycleActionHeartbeatCommand)).toEqual([]);
});
