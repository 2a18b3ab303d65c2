import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../../local/account/account.ts';
import type { Mapping } from '../../../../local/json.ts';
import { errorOf, type Fixture, isBetween, openAccount } from '../fixture.ts';

let fixture: Fixture;
let account: Account;

beforeAll(async () => {
  fixture = await openAccount();
  account = fixture.account;
});
beforeEach(() => account.reset());
afterAll(() => account?.close());

describe('PutEvents', () => {
  const entry: PutEventsRequestEntry = { Source: 'groundcrew', DetailType: 'Cordoned', Detail: '{"a":1}' };
  const events: Mapping[] = [];
  const put = (...entries: PutEventsRequestEntry[]) =>
    fixture.client(EventBridgeClient, 'A').send(new PutEventsCommand({ Entries: entries }));
  beforeEach(() => {
    events.length = 0;
    account.setHooks({ onPublish: (event) => void events.push(event) });
  });

  test('passes on the event that rules receive', async () => {
    const before = fixture.clock.now();
    const { Entries = [], FailedEntryCount } = await put(entry, {
      ...entry,
      Time: new Date('2026-01-02T03:04:05Z'),
      Resources: ['r'],
    });
    expect(FailedEntryCount).toBe(0);
    expect(events).toEqual([
      {
        version: '0',
        id: Entries[0]?.EventId,
        'detail-type': 'Cordoned',
        source: 'groundcrew',
        account: '123456789012',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: 'eu-west-1',
        resources: [],
        detail: { a: 1 },
      },
      expect.objectContaining({ time: '2026-01-02T03:04:05Z', resources: ['r'] }),
    ]);
    expect(isBetween(Date.parse(String(events[0]?.['time'])), before, fixture.clock.now())).toBe(true);
  });

  test.each<[string, PutEventsRequestEntry, string]>([
    ['no source', { ...entry, Source: undefined }, 'InvalidArgument'],
    ['no detail type', { ...entry, DetailType: '' }, 'InvalidArgument'],
    ['no detail', { ...entry, Detail: undefined }, 'InvalidArgument'],
    ['detail that is not JSON', { ...entry, Detail: '{' }, 'MalformedDetail'],
    ['detail that is not an object', { ...entry, Detail: '[1]' }, 'MalformedDetail'],
    ['a source that belongs to AWS', { ...entry, Source: 'aws.ec2' }, 'NotAuthorizedForSourceException'],
    ['a bus that does not exist', { ...entry, EventBusName: 'other' }, 'InvalidArgument'],
  ])('fails only the entry with %s', async (_, faulty, code) => {
    const answer = await put(faulty, entry);
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries).toMatchObject([{ ErrorCode: code }, { EventId: expect.any(String) }]);
    expect(events).toHaveLength(1);
  });

  test.each([
    ['no entries', []],
    ['eleven entries', Array.from({ length: 11 }, () => entry)],
    [
      'a megabyte',
      Array.from({ length: 2 }, () => ({ ...entry, Detail: JSON.stringify({ a: 'x'.repeat(524_288) }) })),
    ],
  ])('rejects a request with %s', async (_, entries) => {
    expect(await errorOf(put(...entries))).toMatchObject({ name: 'ValidationException' });
    expect(events).toEqual([]);
  });

  test('reports the missing hook if nothing receives events', async () => {
    account.setHooks({ onPublish: undefined as never });
    expect(await errorOf(put(entry))).toMatchObject({ message: expect.stringContaining('onPublish') });
  });
});
