import {
  CreateTopicCommand,
  DeleteTopicCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, it } from 'vitest';
import { createContext } from '../../../../functions/ami-approval/create-context.ts';
import { keepSubscriptions } from '../../../../functions/ami-approval/sweep-approvals/keep-subscriptions.ts';
import {
  answerSubscription,
  clients,
  fakeInvocation,
  openAccount,
  refusal,
  sentMails,
  sweepConfig,
  table,
  topicOf,
} from '../account.ts';
import { ANN, BEN, CEM, NOW } from '../approvals.ts';

beforeEach(openAccount);

/** What a sweep does at this time. */
async function keep(more: object = {}, now = NOW) {
  const { invocation, book } = fakeInvocation(() => now);
  const kept = await keepSubscriptions(await createContext({ ...sweepConfig, ...more }, invocation), false);
  return { ...kept, book };
}

const recordOf = (address: string): unknown =>
  [...table.values()].find((one) => (one as { address?: string }).address === address);

describe('the subscriptions of approvers', () => {
  it('are read and not written while nothing changes', async () => {
    await keep();
    const writes = clients.dynamo.calls().length;
    clients.sns.resetHistory();

    const { reachable, book } = await keep();

    expect([...reachable]).toEqual([ANN, BEN, CEM]);
    expect(clients.dynamo.calls().length - writes).toBe(1);
    expect(clients.sns.calls()).toHaveLength(3);
    expect([book.lines, book.counts]).toEqual([[], {}]);
  });

  it('follow a new key and new roles without a new confirmation', async () => {
    await keep();
    clients.sns.resetHistory();

    await keep({ approverTopics: { ...sweepConfig.approverTopics, key: 'arn:aws:kms:key' } });

    const set = clients.sns.commandCalls(SetTopicAttributesCommand).map(({ args }) => args[0].input);
    expect(set.filter(({ TopicArn }) => TopicArn === topicOf(ANN))).toHaveLength(3);
    expect(set).toContainEqual({
      TopicArn: topicOf(ANN),
      AttributeName: 'KmsMasterKeyId',
      AttributeValue: 'arn:aws:kms:key',
    });
    expect(clients.sns.commandCalls(SubscribeCommand)).toEqual([]);
  });

  it('are kept for the others if SNS refuses one address', async () => {
    for (const address of [ANN, BEN])
      clients.sns
        .on(ListSubscriptionsByTopicCommand, { TopicArn: topicOf(address) })
        .rejects(refusal('NotFoundException', 404));
    clients.sns.on(SubscribeCommand, { Endpoint: BEN }).rejects(refusal('InvalidParameterException'));

    const { book, failures, reachable } = await keep();

    expect(failures).toMatchObject([{ name: 'InvalidParameterException' }]);
    expect([...reachable]).toEqual([CEM]);
    expect(book.counts.ApproverUnconfirmed).toBe(2);
    expect(book.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'approver subscription not kept' }),
    );
    // No RedrivePolicy: a queue would keep the links.
    expect(clients.sns.commandCalls(SubscribeCommand).map(({ args }) => args[0].input)).toEqual(
      [ANN, BEN].map((Endpoint) => ({ TopicArn: topicOf(Endpoint), Protocol: 'email', Endpoint })),
    );
    const created = clients.sns.commandCalls(CreateTopicCommand).map(({ args }) => args[0].input);
    expect(created[0]).toMatchObject({ Name: topicOf(ANN).split(':').at(-1) });
    expect(created[0]?.Attributes?.['Policy']).toContain(ANN);
  });

  it('of those who left are deleted with their topics', async () => {
    await keep();
    await keep({ approvers: [ANN, BEN] });

    expect(clients.sns.commandCalls(DeleteTopicCommand).map(({ args }) => args[0].input)).toEqual([
      { TopicArn: topicOf(CEM) },
    ]);
    expect(recordOf(CEM)).toMatchObject({ status: 'left' });
    clients.sns.resetHistory();
    await keep({ approvers: [ANN, BEN] });
    expect(clients.sns.commandCalls(DeleteTopicCommand)).toEqual([]);
  });

  it('are told again by the next sweep if SNS refuses the notice', async () => {
    answerSubscription(BEN, 'PendingConfirmation');
    clients.sns.on(PublishCommand).rejects(refusal('ThrottlingException'));

    const { failures } = await keep();

    expect(failures).toHaveLength(1);
    expect(recordOf(BEN)).toMatchObject({ status: 'pending', mailStatus: 'due' });
    clients.sns.on(PublishCommand).resolves({ MessageId: 'm' });
    clients.sns.resetHistory();
    await keep();
    await keep();
    expect(sentMails().map(({ topic }) => topic)).toEqual(['arn:on-call']);
  });
});
