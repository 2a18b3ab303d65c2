import { describe, expect, it } from 'vitest';
import {
  type ApproverSubscription,
  decideUpkeep,
  formatUnreachable,
  isReachable,
  type ListedSubscription,
  markLeft,
  noteStatus,
  observeTopic,
  subscriptionKeyOf,
} from '../../../../functions/ami-approval/domain/approver-subscription.ts';
import { ANN, NOW } from '../approvals.ts';

const HOUR = 3_600_000;
const SETTINGS = 'settings';

const own = (more: Partial<ListedSubscription> = {}): ListedSubscription => ({
  protocol: 'email',
  endpoint: ANN,
  ...more,
});
const confirmed = observeTopic(ANN, [own({ arn: 'arn:1' })]);
const pending = observeTopic(ANN, [own()]);
const none = observeTopic(ANN, []);
const missing = observeTopic(ANN, undefined);

function record(more: Partial<ApproverSubscription> = {}): ApproverSubscription {
  return {
    ...subscriptionKeyOf(ANN),
    revision: '1',
    address: ANN,
    status: 'pending',
    since: NOW - HOUR,
    topicSettings: SETTINGS,
    mailStatus: 'claimed',
    ...more,
  };
}

const { mailStatus: _, ...withoutNotice } = record({ status: 'confirmed' });
const confirmedRecord: ApproverSubscription = withoutNotice;

describe('a topic', () => {
  it('has the mailbox of its approver, in any case', () => {
    expect(observeTopic('Ann@Example.com', [own({ arn: 'arn:1' })]).own).toBe('confirmed');
    expect([confirmed.own, pending.own, none.own, missing.own]).toEqual([
      'confirmed',
      'pending',
      'none',
      'none',
    ]);
    expect([none.exists, missing.exists]).toEqual([true, false]);
  });

  it.each<[string, ListedSubscription]>([
    ['another mailbox', own({ arn: 'arn:2', endpoint: 'eve@example.com' })],
    ['a mailbox that has not confirmed', own({ endpoint: 'eve@example.com' })],
    ['a queue', { arn: 'arn:2', protocol: 'sqs', endpoint: ANN }],
  ])('is not used while it also has %s', (_name, other) => {
    const topic = observeTopic(ANN, [own({ arn: 'arn:1' }), other]);

    expect(topic.others).toEqual([other]);
    expect([isReachable(topic), isReachable(confirmed), isReachable(pending)]).toEqual([false, true, false]);
  });
});

describe('the status of a subscription', () => {
  it.each([
    ['a new approver', undefined, missing, 'pending'],
    ['one who has confirmed', record(), confirmed, 'confirmed'],
    ['one who has unsubscribed', confirmedRecord, none, 'gone'],
    ['one whose topic was deleted', confirmedRecord, missing, 'gone'],
    ['one who is back', record({ status: 'left' }), missing, 'pending'],
    ['one who confirms again', record({ status: 'gone' }), confirmed, 'confirmed'],
  ] as const)('changes for %s', (_name, known, topic, status) => {
    const noted = noteStatus(known, ANN, topic, NOW);

    expect(noted).toMatchObject({ status, since: NOW });
    expect(noted?.mailStatus).toBe(status === 'confirmed' ? undefined : 'claimed');
    expect(noted?.askedAt).toBeUndefined();
  });

  it.each([
    ['pending', record(), pending],
    ['pending after the confirmation ran out', record(), none],
    ['gone', record({ status: 'gone' }), pending],
    ['confirmed', confirmedRecord, confirmed],
  ])('is told once while it stays %s', (_name, known, topic) => {
    expect(noteStatus(known, ANN, topic, NOW)).toBeUndefined();
  });

  it('is told again if SNS refused the notice', () => {
    const noted = noteStatus(record({ mailStatus: 'due' }), ANN, pending, NOW);

    expect(noted).toMatchObject({ mailStatus: 'claimed', since: NOW - HOUR });
  });
});

describe('the upkeep', () => {
  const decide = (known: ApproverSubscription | undefined, topic = none, isWaitedFor = false) =>
    decideUpkeep(known, topic, { address: ANN, topicSettings: SETTINGS, isWaitedFor, now: NOW });
  const asked = (hours: number) => record({ askedAt: NOW - hours * HOUR });

  it.each([
    ['a new approver', undefined, missing, false],
    ['one who has unsubscribed', confirmedRecord, none, false],
    ['one whose loss a request found first', record({ status: 'gone' }), none, false],
    ['one who is back', record({ status: 'left', askedAt: NOW - HOUR }), missing, false],
    ['one whose subscription a crash prevented', asked(1), none, false],
    ['one who is needed, after the confirmation ran out', asked(49), none, true],
    ['one who is needed, a day after the last link', asked(24), pending, true],
  ] as const)('subscribes %s', (_name, known, topic, isWaitedFor) => {
    const { draft, subscribes } = decide(known, topic, isWaitedFor);

    expect(subscribes).toBe(true);
    expect(draft).toMatchObject({ askedAt: NOW, topicSettings: SETTINGS });
  });

  it.each([
    ['one who has confirmed', confirmedRecord, confirmed, true],
    ['one who was asked less than a day ago', asked(23), pending, true],
    ['one who is not needed', asked(30), pending, false],
    ['one who is not needed, after the confirmation ran out', asked(49), none, false],
    ['one whom another invocation is subscribing', record({ askedAt: NOW - 1000 }), none, true],
    ['one whom a person has subscribed', record(), pending, true],
  ] as const)('does not subscribe %s', (_name, known, topic, isWaitedFor) => {
    expect(decide(known, topic, isWaitedFor)).toEqual({ subscribes: false });
  });

  it('writes changed settings, and who else is subscribed, once', () => {
    const spied = observeTopic(ANN, [own({ arn: 'arn:1' }), own({ arn: 'arn:2', endpoint: 'eve@x.y' })]);

    const { draft } = decide({ ...confirmedRecord, topicSettings: 'old' }, spied);

    expect(draft).toMatchObject({ topicSettings: SETTINGS, others: 'eve@x.y', status: 'confirmed' });
    const written = { ...confirmedRecord, others: 'eve@x.y' };
    expect(decide(written, spied).draft).toBeUndefined();
    expect(decide(written, confirmed).draft).toEqual(expect.not.objectContaining({ others: 'eve@x.y' }));
  });
});

it('an approver who left keeps only their name and the time', () => {
  expect(markLeft(record(), NOW)).toEqual(
    expect.objectContaining({ address: ANN, status: 'left', since: NOW }),
  );
  expect(markLeft(record(), NOW)).not.toHaveProperty('mailStatus');
});

it('the page says who gets no mails', () => {
  const records = (status: ApproverSubscription['status']) => [record({ status })];

  expect(formatUnreachable(records('pending'), ANN)).toMatch(/not confirmed/);
  expect(formatUnreachable(records('gone'), ANN)).toMatch(/was removed/);
  expect(formatUnreachable(records('confirmed'), ANN)).toBe('');
  expect(formatUnreachable([], ANN)).toBe('');
});
