import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTopicsCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emulatedState } from '../../../../local/scenario-kit/emulated-state.ts';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';
import { worldOf } from '../world.ts';

const HOUR = 3_600_000;
const ANN = 'ann@example.com';

let fixture: Fixture;
let sns: SNSClient;
let topicArn: string;

beforeAll(async () => {
  fixture = await openAccount();
  sns = fixture.client(SNSClient);
  fixture.account.setHooks({ findRoleArn: (id) => `arn:aws:iam::123456789012:role/${id}` });
});
beforeEach(async () => {
  await fixture.account.reset();
  topicArn = (await sns.send(new CreateTopicCommand({ Name: 'letters' }))).TopicArn ?? '';
});
afterAll(() => fixture?.account.close());

const subscribe = (Endpoint = ANN, more: object = {}) =>
  sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'email', Endpoint, ...more }));

const listArns = async (): Promise<(string | undefined)[]> => {
  const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn }));
  return Subscriptions.map(({ SubscriptionArn }) => SubscriptionArn);
};

const findToken = (): string => {
  const [first] = emulatedState(worldOf(fixture), 'sns').subscriptions.values();
  return first?.token ?? '';
};

const follow = (query: Readonly<Record<string, string>>) =>
  fetch(`${fixture.account.url}/?${new URLSearchParams(query)}`);

describe('a subscription of a mailbox', () => {
  it('is pending until its owner confirms it with the token', async () => {
    expect((await subscribe()).SubscriptionArn).toBe('pending confirmation');
    expect(await listArns()).toEqual(['PendingConfirmation']);

    const { SubscriptionArn } = await sns.send(
      new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: findToken() }),
    );

    expect(SubscriptionArn).toMatch(new RegExp(`^${topicArn}:`));
    expect(await listArns()).toEqual([SubscriptionArn]);
    expect((await subscribe()).SubscriptionArn).toBe(SubscriptionArn);
  });

  it('is confirmed and removed by the links in its mails', async () => {
    await subscribe();

    const query = { Action: 'ConfirmSubscription', TopicArn: topicArn, Token: findToken() };
    expect((await follow(query)).status).toBe(200);
    const [arn = ''] = await listArns();
    expect((await follow({ Action: 'Unsubscribe', SubscriptionArn: arn })).status).toBe(200);

    expect(await listArns()).toEqual([]);
  });

  it('is not removed by a link if it was confirmed with authentication', async () => {
    await subscribe();
    const confirmed = await sns.send(
      new ConfirmSubscriptionCommand({
        TopicArn: topicArn,
        Token: findToken(),
        AuthenticateOnUnsubscribe: 'true',
      }),
    );
    const arn = confirmed.SubscriptionArn ?? '';

    expect((await follow({ Action: 'Unsubscribe', SubscriptionArn: arn })).status).toBe(403);
    expect(await listArns()).toEqual([arn]);
    await sns.send(new UnsubscribeCommand({ SubscriptionArn: arn }));
    expect(await listArns()).toEqual([]);
  });

  it('ends after 48 hours without a confirmation, and can be made again', async () => {
    await subscribe();
    const token = findToken();
    fixture.clock.skip(48 * HOUR);

    expect(await listArns()).toEqual([]);
    const late = errorOf(sns.send(new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: token })));
    expect((await late).name).toMatch(/^InvalidParameter/);
    await subscribe();
    expect(await listArns()).toEqual(['PendingConfirmation']);
    expect(findToken()).not.toBe(token);
  });

  it('goes with its topic', async () => {
    await subscribe();
    await sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));

    expect((await errorOf(listArns())).name).toMatch(/^NotFound/);
    expect((await errorOf(subscribe())).name).toMatch(/^NotFound/);
    expect(emulatedState(worldOf(fixture), 'sns').subscriptions.size).toBe(0);
  });
});

describe('the policy of a topic', () => {
  const denial = (Action: string, operator: string, key: string, value: string): object => ({
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource: '*',
    Condition: { [operator]: { [key]: [value] } },
  });
  const setPolicy = (...Statement: readonly object[]) => {
    const AttributeValue = JSON.stringify({ Version: '2012-10-17', Statement });
    return sns.send(
      new SetTopicAttributesCommand({ TopicArn: topicArn, AttributeName: 'Policy', AttributeValue }),
    );
  };
  const publish = (client: SNSClient) =>
    client.send(new PublishCommand({ TopicArn: topicArn, Message: 'hello' }));

  it('denies publishing to all roles but one', async () => {
    await setPolicy(
      denial('sns:Publish', 'ArnNotEquals', 'aws:PrincipalArn', 'arn:aws:iam::123456789012:role/Ask'),
    );

    await publish(fixture.client(SNSClient, 'Ask'));
    const error = await errorOf(publish(fixture.client(SNSClient, 'Other')));
    expect(error.name).toMatch(/^AuthorizationError/);
    expect(error.message).toMatch(/explicit deny/);
  });

  it('denies subscribing all mailboxes but one, also if the topic was created with it', async () => {
    await sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));
    const Statement = [denial('sns:Subscribe', 'StringNotEquals', 'sns:Endpoint', ANN)];
    const Attributes = { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) };
    await sns.send(new CreateTopicCommand({ Name: 'letters', Attributes }));

    await subscribe(ANN);
    expect((await errorOf(subscribe('eve@example.com'))).name).toMatch(/^AuthorizationError/);
  });
});

describe('a topic', () => {
  it('has attributes, and counts its subscriptions', async () => {
    await sns.send(new CreateTopicCommand({ Name: 'letters', Attributes: {} }));
    await subscribe();
    await sns.send(
      new SetTopicAttributesCommand({
        TopicArn: topicArn,
        AttributeName: 'DisplayName',
        AttributeValue: 'A & B',
      }),
    );

    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));

    expect(Attributes).toMatchObject({
      TopicArn: topicArn,
      DisplayName: 'A & B',
      SubscriptionsConfirmed: '0',
      SubscriptionsPending: '1',
    });
    expect(JSON.parse(Attributes?.['Policy'] ?? '')).toMatchObject({ Statement: [{ Resource: topicArn }] });
    expect(Attributes).not.toHaveProperty('KmsMasterKeyId');
  });

  it('cannot be created again with other attributes', async () => {
    const error = await errorOf(
      sns.send(new CreateTopicCommand({ Name: 'letters', Attributes: { DisplayName: 'other' } })),
    );
    expect(error).toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining('different attributes'),
    });
  });

  it('is listed a hundred at a time', async () => {
    for (let i = 0; i < 120; i++) await sns.send(new CreateTopicCommand({ Name: `topic-${i}` }));
    const first = await sns.send(new ListTopicsCommand({}));
    const rest = await sns.send(new ListTopicsCommand({ NextToken: first.NextToken }));
    expect([first.Topics?.length, rest.Topics?.length, rest.NextToken]).toEqual([100, 21, undefined]);
  });

  it('that does not exist is not found, and can be deleted', async () => {
    const TopicArn = `${topicArn}-other`;
    for (const command of [
      new GetTopicAttributesCommand({ TopicArn }),
      new PublishCommand({ TopicArn, Message: 'm' }),
      new ListSubscriptionsByTopicCommand({ TopicArn }),
    ])
      expect(await errorOf(sns.send(command as never))).toMatchObject({ name: 'NotFoundException' });
    await sns.send(new DeleteTopicCommand({ TopicArn }));
  });
});

describe('a message', () => {
  it.each([
    ['a line break in its subject', { Subject: 'a\nb' }, false],
    ['a control character in its subject', { Subject: 'a\u0007b' }, false],
    ['101 characters in its subject', { Subject: 'x'.repeat(101) }, false],
    ['100 characters in its subject', { Subject: 'x'.repeat(100) }, true],
    ['letters beyond ASCII in its subject', { Subject: 'Störung – bitte ansehen' }, true],
    ['nothing in it', { Message: '' }, false],
    ['more than 256 KB', { Message: 'x'.repeat(256 * 1024 + 1) }, false],
  ])('with %s', async (_, more, accepted) => {
    const published = sns.send(new PublishCommand({ TopicArn: topicArn, Message: 'm', ...more }));
    if (accepted) expect((await published).MessageId).toBeTruthy();
    else expect(await errorOf(published)).toMatchObject({ name: 'InvalidParameterException' });
  });
});
