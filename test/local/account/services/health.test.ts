import { CreateLaunchTemplateCommand, DescribeLaunchTemplatesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeEventsCommand, type DescribeEventsCommandInput, HealthClient } from '@aws-sdk/client-health';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emulatedState, refuseRole } from '../../../../local/scenario-kit/emulated-state.ts';
import { closeIncident, openIncident, updateIncident } from '../../../../local/scenario-kit/health.ts';
import type { World } from '../../../../local/scenario-kit/world.ts';
import { errorOf, type Fixture, openAccount } from '../fixture.ts';
import { worldOf } from '../world.ts';

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
  it('returns an event as AWS does', async () => {
    const { arn } = await openIncident(world, { service: 'LAMBDA', zone: 'eu-west-1a', ageMs: HOUR });
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
  ])('finds with the filter %j: %j, newest first', async (filter, expected) => {
    await openIncident(world, { zone: 'eu-west-1b', ageMs: 2 * HOUR });
    fixture.clock.skip(HOUR);
    await openIncident(world, { service: 'S3', region: 'global' });
    fixture.clock.skip(HOUR);
    await openIncident(world, { service: 'RDS', category: 'scheduledChange', status: 'upcoming' });
    expect(await codes(filter)).toEqual(expected);
    fixture.clock.reset();
  });

  it('finds an event by its ARN and by its end time', async () => {
    const event = await openIncident(world);
    await openIncident(world, { service: 'S3' });
    await closeIncident(world, event);
    expect(await codes({ eventArns: [event.arn] })).toEqual(['EC2']);
    expect(await codes({ endTimes: [{ from: event.startTime }] })).toEqual(['EC2']);
  });

  it('includes both ends of a range', async () => {
    const startTime = new Date('2026-11-21T12:00:00Z');
    await updateIncident(world, await openIncident(world), { startTime });
    const [before, after] = [new Date(Number(startTime) - 1000), new Date(Number(startTime) + 1000)];
    expect(await codes({ startTimes: [{ from: startTime, to: startTime }] })).toEqual(['EC2']);
    expect(await codes({ startTimes: [{ to: before }, { from: after }] })).toEqual([]);
  });

  it('returns pages of ten events by default', async () => {
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
  ])('rejects %j', async (input, message) => {
    const error = await errorOf(ask(input));
    expect(error.name).toBe('ValidationException');
    expect(error.message).toContain(message);
  });

  it('rejects unknown tokens and other languages', async () => {
    expect(await errorOf(ask({ nextToken: 'fromsomewhere' }))).toMatchObject({
      name: 'InvalidPaginationToken',
    });
    expect(await errorOf(ask({ locale: 'de' }))).toMatchObject({ name: 'UnsupportedLocale' });
  });
});

describe('the endpoints of AWS Health', () => {
  it('exist in two Regions only: a call in any other Region finds no host', async () => {
    const error = await errorOf(ask({}, { region: 'eu-west-1' }));
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(error.$response).toBeUndefined();
    expect(fixture.account.calls.at(-1)).toMatchObject({ action: 'DescribeEvents', status: 0 });
    expect((await ask({}, { region: 'us-east-2' })).events).toEqual([]);
    expect((await ask({}, { region: 'cn-northwest-1' })).events).toEqual([]);
  });

  it('can be down or throttled independently', async () => {
    emulatedState(world, 'health').endpoints['us-east-1'] = 'down';
    expect(await errorOf(ask())).toMatchObject({ code: 'ECONNRESET' });
    expect((await ask({}, { region: 'us-east-2' })).events).toEqual([]);
    emulatedState(world, 'health').endpoints['us-east-2'] = 'throttled';
    const error = await errorOf(ask({}, { region: 'us-east-2' }));
    expect(error).toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } });
  });

  it('need a support plan', async () => {
    emulatedState(world, 'health').subscribed = false;
    expect(await errorOf(ask())).toMatchObject({
      name: 'SubscriptionRequiredException',
      message: 'AWS Premium Support Subscription is required to use this service.',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('need a permission', async () => {
    emulatedState(world, 'health').denied = true;
    expect(await errorOf(ask())).toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('is not authorized to perform: health:DescribeEvents'),
    });
  });

  it('still kill a process that a fault kills during the call', async () => {
    const killed: unknown[] = [];
    fixture.account.setHooks({ onKill: (caller) => void killed.push(caller) });
    emulatedState(world, 'health').endpoints['us-east-1'] = 'down';
    fixture.account.injectFault({ function: 'Gate', call: 1, kind: 'killed' });
    await errorOf(ask());
    expect(killed).toEqual([{ function: 'Gate', process: 3 }]);
  });
});

describe('a role of another account', () => {
  it('is assumed by the function: calls count as its own but need no permission in its role', async () => {
    const { AssumedRoleUser, Credentials, credentials } = await assume();
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${other}:assumed-role/health-reader/gate`);
    expect(Number(Credentials?.Expiration) - fixture.clock.now()).toBeGreaterThan(HOUR - 5000);
    await ask({}, { credentials });
    expect(fixture.account.calls).toMatchObject([
      { function: 'Gate', service: 'sts', action: 'AssumeRole', status: 200, iam: ['sts:AssumeRole'] },
      { function: 'Gate', service: 'health', action: 'DescribeEvents', status: 200, iam: [] },
    ]);
  });

  it('sees the events of its account and public events', async () => {
    await openIncident(world, { service: 'S3' });
    await openIncident(world, { scope: 'ACCOUNT_SPECIFIC' });
    await openIncident(world, { service: 'RDS', scope: 'ACCOUNT_SPECIFIC', account: other });
    const { credentials } = await assume();
    expect((await codes({})).sort()).toEqual(['EC2', 'S3']);
    expect((await codes({}, { credentials })).sort()).toEqual(['RDS', 'S3']);
  });

  it('is known after a reset, and gets the faults of its function', async () => {
    const { credentials } = await assume();
    await fixture.account.reset();
    fixture.account.injectFault({ function: 'Gate', call: 1, kind: 'throttled' });
    expect(await errorOf(ask({}, { credentials }))).toMatchObject({ name: 'ThrottlingException' });
  });

  it('has a separate account in moto', async () => {
    const { credentials } = await assume();
    const theirs = fixture.client(EC2Client, 'Gate', 3, { credentials });
    const LaunchTemplateData = { ImageId: 'ami-12345678' };
    await theirs.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'theirs', LaunchTemplateData }));
    const count = async (client: EC2Client): Promise<number | undefined> =>
      (await client.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates?.length;
    expect(await count(fixture.client(EC2Client, 'Gate', 3))).toBe(0);
    expect(await count(theirs)).toBe(1);
  });

  it('can refuse to be assumed', async () => {
    refuseRole(world, `arn:aws:iam::${other}:role/path/health-reader`);
    expect(await errorOf(assume())).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('is not authorized to perform: sts:AssumeRole on resource'),
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('must have a valid ARN', async () => {
    expect(await errorOf(assume('12'))).toMatchObject({ name: 'ValidationError' });
  });
});
