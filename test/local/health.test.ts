import { DescribeEventsCommand, type DescribeEventsCommandInput, HealthClient } from '@aws-sdk/client-health';
import { CreateTopicCommand, ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeIncident, healthOf, openIncident, updateIncident } from '../../local/health.ts';
import { refuseRole } from '../../local/roles.ts';
import type { World } from '../../local/scenario.ts';
import { expectBetween } from '../support/time.ts';
import { errorOf, type Fixture, openAccount } from './account-fixture.ts';
import { worldOf } from './world-fixture.ts';

const HOUR = 3_600_000;
const other = '210987654321';

let fixture: Fixture;
let world: World;
let put: Announced[];

interface Announced {
  readonly region: string;
  readonly detail: Readonly<Record<string, string>>;
}

beforeAll(async () => {
  fixture = await openAccount();
});
beforeEach(async () => {
  await fixture.account.reset();
  put = [];
  world = worldOf(fixture, (event) => put.push(event as Announced));
});
afterAll(() => fixture?.account.close());

const health = (config: object = {}): HealthClient =>
  fixture.client(HealthClient, 'Gate', 3, { region: 'us-east-1', ...config });

const ask = (input: DescribeEventsCommandInput = {}, config?: object) =>
  health(config).send(new DescribeEventsCommand(input));

const codes = async (filter: DescribeEventsCommandInput['filter'], config?: object): Promise<string[]> => {
  const { events = [] } = await ask({ filter, maxResults: 100 }, config);
  return events.map(({ eventTypeCode = '' }) => eventTypeCode.replace(/^AWS_|_OPERATIONAL_ISSUE$/g, ''));
};

/** Credentials of a role in another account, as the function gets them. */
const assume = async (account = other) => {
  const RoleArn = `arn:aws:iam::${account}:role/path/health-reader`;
  const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'gate' });
  const { AssumedRoleUser, Credentials } = await fixture.client(STSClient, 'Gate', 3).send(command);
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  return { AssumedRoleUser, Credentials, credentials };
};

describe('DescribeEvents', () => {
  it('tells of an event as AWS does', async () => {
    const { arn } = await openIncident(world, { service: 'LAMBDA', zone: 'eu-west-1a', age: HOUR });
    const { events } = await ask();
    expect(events).toEqual([
      {
        arn,
        service: 'LAMBDA',
        eventTypeCode: 'AWS_LAMBDA_OPERATIONAL_ISSUE',
        eventTypeCategory: 'issue',
        region: 'eu-west-1',
        availabilityZone: 'eu-west-1a',
        startTime: expect.any(Date),
        lastUpdatedTime: expect.any(Date),
        statusCode: 'open',
        eventScopeCode: 'PUBLIC',
      },
    ]);
    expect(arn).toMatch(/^arn:aws:health:eu-west-1::event\/LAMBDA\/AWS_LAMBDA_OPERATIONAL_ISSUE\/[\w-]+$/);
    const [{ startTime, lastUpdatedTime } = {}] = events ?? [];
    expect(Number(lastUpdatedTime) - Number(startTime)).toBeGreaterThanOrEqual(HOUR - 1000);
  });

  it.each<[NonNullable<DescribeEventsCommandInput['filter']>, string[]]>([
    [{}, ['RDS', 'S3', 'EC2']],
    [{ services: ['EC2', 'RDS'] }, ['RDS', 'EC2']],
    [{ regions: ['global'] }, ['S3']],
    [{ regions: ['us-esat-1'] }, []],
    [{ availabilityZones: ['eu-west-1b'] }, ['EC2']],
    [{ eventTypeCodes: ['AWS_S3_OPERATIONAL_ISSUE'] }, ['S3']],
    [{ eventTypeCategories: ['scheduledChange'] }, ['RDS']],
    [{ eventStatusCodes: ['closed', 'upcoming'] }, ['RDS']],
    [{ services: ['EC2'], eventStatusCodes: ['closed'] }, []],
    [{ lastUpdatedTimes: [{ from: new Date(Date.now() + HOUR / 2) }] }, ['RDS', 'S3']],
    [
      { startTimes: [{ to: new Date(Date.now() - HOUR) }, { from: new Date(Date.now() + 1.5 * HOUR) }] },
      ['RDS', 'EC2'],
    ],
    [{ endTimes: [{ from: new Date(0) }] }, []],
  ])('with the filter %j finds %j, the newest first', async (filter, expected) => {
    await openIncident(world, { zone: 'eu-west-1b', age: 2 * HOUR });
    fixture.clock.turn(HOUR);
    await openIncident(world, { service: 'S3', region: 'global' });
    fixture.clock.turn(HOUR);
    await openIncident(world, { service: 'RDS', category: 'scheduledChange', status: 'upcoming' });
    expect(await codes(filter)).toEqual(expected);
    fixture.clock.reset();
  });

  it('finds an event by its ARN, and by when it ended', async () => {
    const event = await openIncident(world);
    await openIncident(world, { service: 'S3' });
    await closeIncident(world, event);
    expect(await codes({ eventArns: [event.arn] })).toEqual(['EC2']);
    expect(await codes({ endTimes: [{ from: event.startTime }] })).toEqual(['EC2']);
  });

  it('takes both ends of a range as part of it', async () => {
    const startTime = new Date('2026-11-21T12:00:00Z');
    await updateIncident(world, await openIncident(world), { startTime });
    const [before, after] = [new Date(Number(startTime) - 1000), new Date(Number(startTime) + 1000)];
    expect(await codes({ startTimes: [{ from: startTime, to: startTime }] })).toEqual(['EC2']);
    expect(await codes({ startTimes: [{ to: before }, { from: after }] })).toEqual([]);
  });

  it('gives pages, of ten unless asked otherwise', async () => {
    for (let at = 0; at < 23; at += 1) await openIncident(world, { code: `AWS_EC2_NUMBER_${at}` });
    const first = await ask();
    expect(first.events).toHaveLength(10);
    const second = await ask({ nextToken: first.nextToken });
    const third = await ask({ nextToken: second.nextToken });
    expect([third.events?.length, third.nextToken]).toEqual([3, undefined]);
    const arns = [first, second, third].flatMap(({ events = [] }) => events.map(({ arn }) => arn));
    expect(new Set(arns).size).toBe(23);
    const large = await ask({ maxResults: 22 });
    expect([large.events?.length, typeof large.nextToken]).toEqual([22, 'string']);
    expect((await ask({ maxResults: 23 })).nextToken).toBeUndefined();
  });

  it.each<[DescribeEventsCommandInput, string]>([
    [
      { filter: { regions: Array.from({ length: 11 }, (_, at) => `eu-west-${at}`) } },
      "at 'filter.regions' failed to satisfy constraint: Member must have length less than or equal to 10",
    ],
    [{ filter: { services: [] } }, "Value '[]' at 'filter.services' failed to satisfy constraint"],
    [{ filter: { eventStatusCodes: Array.from({ length: 7 }, () => 'open') } }, "'filter.eventStatusCodes'"],
    [{ filter: { eventStatusCodes: ['done' as 'open'] } }, 'enum value set: [open, closed, upcoming]'],
    [{ filter: { regions: ['eu:west'] } }, 'regular expression pattern: [^:/]{2,25}'],
    [{ filter: { eventArns: ['arn:aws:health:eu-west-1::event/ONE_PART'] } }, "'filter.eventArns'"],
    [{ maxResults: 101 }, 'Member must have value less than or equal to 100'],
    [{ maxResults: 0 }, "Value '0' at 'maxResults'"],
    [{ maxResults: 0, filter: { regions: ['x'] } }, '2 validation errors detected'],
  ])('refuses %j', async (input, message) => {
    const error = await errorOf(ask(input));
    expect(error.name).toBe('ValidationException');
    expect(error.message).toContain(message);
  });

  it('refuses a token that it did not give out, and other languages', async () => {
    expect(await errorOf(ask({ nextToken: 'fromsomewhere' }))).toMatchObject({
      name: 'InvalidPaginationToken',
    });
    expect(await errorOf(ask({ locale: 'de' }))).toMatchObject({ name: 'UnsupportedLocale' });
  });
});

describe('the endpoints of AWS Health', () => {
  it('are in two Regions: who asks in his own finds no host', async () => {
    const error = await errorOf(ask({}, { region: 'eu-west-1' }));
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(error.$response).toBeUndefined();
    expect(fixture.account.calls.at(-1)).toMatchObject({ action: 'DescribeEvents', status: 0 });
    expect((await ask({}, { region: 'us-east-2' })).events).toEqual([]);
    expect((await ask({}, { region: 'cn-northwest-1' })).events).toEqual([]);
  });

  it('can be down or throttled, each for itself', async () => {
    healthOf(world).endpoints['us-east-1'] = 'down';
    expect(await errorOf(ask())).toMatchObject({ code: 'ECONNRESET' });
    expect((await ask({}, { region: 'us-east-2' })).events).toEqual([]);
    healthOf(world).endpoints['us-east-2'] = 'throttled';
    const error = await errorOf(ask({}, { region: 'us-east-2' }));
    expect(error).toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } });
  });

  it('need a support plan', async () => {
    healthOf(world).subscribed = false;
    expect(await errorOf(ask())).toMatchObject({
      name: 'SubscriptionRequiredException',
      message: 'AWS Premium Support Subscription is required to use this service.',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('need a permission', async () => {
    healthOf(world).denied = true;
    expect(await errorOf(ask())).toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('is not authorized to perform: health:DescribeEvents'),
    });
  });

  it('still kill who is to die of the call', async () => {
    const killed: unknown[] = [];
    fixture.account.setHooks({ onKill: (caller) => void killed.push(caller) });
    healthOf(world).endpoints['us-east-1'] = 'down';
    fixture.account.injectFault({ function: 'Gate', call: 1, kind: 'killed' });
    await errorOf(ask());
    expect(killed).toEqual([{ function: 'Gate', process: 3 }]);
  });
});

describe('a role of another account', () => {
  it('is assumed by the function, whose calls they still are and whose role needs nothing for them', async () => {
    const before = fixture.clock.now();
    const { AssumedRoleUser, Credentials, credentials } = await assume();
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${other}:assumed-role/health-reader/gate`);
    expectBetween(before + HOUR, Number(Credentials?.Expiration), fixture.clock.now() + HOUR);
    await ask({}, { credentials });
    expect(fixture.account.calls).toEqual([
      { function: 'Gate', service: 'sts', action: 'AssumeRole', status: 200, iam: ['sts:AssumeRole'] },
      { function: 'Gate', service: 'health', action: 'DescribeEvents', status: 200, iam: [] },
    ]);
  });

  it('sees its own events and the public ones', async () => {
    await openIncident(world, { service: 'S3' });
    await openIncident(world, { scope: 'ACCOUNT_SPECIFIC' });
    await openIncident(world, { service: 'RDS', scope: 'ACCOUNT_SPECIFIC', account: other });
    const { credentials } = await assume();
    expect((await codes({})).sort()).toEqual(['EC2', 'S3']);
    expect((await codes({}, { credentials })).sort()).toEqual(['RDS', 'S3']);
  });

  it('is known after a reset, and suffers the faults of its function', async () => {
    const { credentials } = await assume();
    await fixture.account.reset();
    fixture.account.injectFault({ function: 'Gate', call: 1, kind: 'throttled' });
    expect(await errorOf(ask({}, { credentials }))).toMatchObject({ name: 'ThrottlingException' });
  });

  it('has an account of its own in moto', async () => {
    const { credentials } = await assume();
    await fixture
      .client(SNSClient, 'Gate', 3, { credentials })
      .send(new CreateTopicCommand({ Name: 'theirs' }));
    const own = await fixture.client(SNSClient, 'Gate', 3).send(new ListTopicsCommand({}));
    expect(own.Topics ?? []).toEqual([]);
    const theirs = await fixture
      .client(SNSClient, 'Gate', 3, { credentials })
      .send(new ListTopicsCommand({}));
    expect(theirs.Topics?.[0]?.TopicArn).toBe(`arn:aws:sns:eu-west-1:${other}:theirs`);
  });

  it('may trust nobody here', async () => {
    refuseRole(world, `arn:aws:iam::${other}:role/path/health-reader`);
    expect(await errorOf(assume())).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('is not authorized to perform: sts:AssumeRole on resource'),
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('has an ARN', async () => {
    expect(await errorOf(assume('12'))).toMatchObject({ name: 'ValidationError' });
  });
});

describe('an incident', () => {
  it('is announced as EventBridge tells of it', async () => {
    const { arn } = await openIncident(world);
    expect(put).toEqual([
      {
        'detail-type': 'AWS Health Event',
        source: 'aws.health',
        account: '123456789012',
        region: 'eu-west-1',
        resources: [],
        detail: {
          eventArn: arn,
          service: 'EC2',
          eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE',
          eventTypeCategory: 'issue',
          eventScopeCode: 'PUBLIC',
          communicationId: expect.stringMatching(/^[\da-f]{40}-1$/),
          startTime: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/),
          lastUpdatedTime: expect.any(String),
          statusCode: 'open',
          eventRegion: 'eu-west-1',
          eventDescription: [{ language: 'en_US', latestDescription: expect.any(String) }],
          affectedEntities: [],
          page: '1',
          totalPages: '1',
          backupEvent: 'false',
          affectedAccount: '123456789012',
          personas: ['OPERATIONS'],
        },
      },
    ]);
  });

  it('is closed on two pages and once more from the backup Region', async () => {
    const event = await openIncident(world, {}, { announce: false });
    expect(put).toEqual([]);
    await closeIncident(world, event, { backup: true, pages: 2 });
    expect(
      put.map(({ region, detail }) => [region, detail.page, detail.totalPages, detail.backupEvent]),
    ).toEqual([
      ['eu-west-1', '1', '2', 'false'],
      ['eu-west-1', '2', '2', 'false'],
      ['us-west-2', '1', '2', 'true'],
      ['us-west-2', '2', '2', 'true'],
    ]);
    expect(put.map(({ detail }) => detail.statusCode)).toEqual(['closed', 'closed', 'closed', 'closed']);
    expect(new Set(put.map(({ detail }) => detail.communicationId)).size).toBe(2);
    const [closed] = (await ask()).events ?? [];
    expect(closed).toMatchObject({ statusCode: 'closed', endTime: expect.any(Date) });
  });

  it('of no Region is told of in us-east-1, and opens again', async () => {
    const event = await openIncident(world, { service: 'IAM', region: 'global' });
    const closed = await closeIncident(world, event);
    await updateIncident(world, closed, { statusCode: 'open' });
    expect(put.map(({ region }) => region)).toEqual(['us-east-1', 'us-east-1', 'us-east-1']);
    expect((await ask()).events).toMatchObject([{ statusCode: 'open' }]);
  });
});
