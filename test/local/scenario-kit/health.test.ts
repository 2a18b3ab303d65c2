import { DescribeEventsCommand, HealthClient } from '@aws-sdk/client-health';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeIncident, openIncident, updateIncident } from '../../../local/scenario-kit/health.ts';
import type { World } from '../../../local/scenario-kit/world.ts';
import { type Fixture, openAccount } from '../account/fixture.ts';
import { worldOf } from '../account/world.ts';

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

const ask = () =>
  fixture.client(HealthClient, 'Gate', 3, { region: 'us-east-1' }).send(new DescribeEventsCommand({}));

describe('an incident', () => {
  it('is announced with an event as EventBridge delivers it', async () => {
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

  it('is closed with two pages, and again from the backup Region', async () => {
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
    expect(put.map(({ detail }) => detail.affectedEntities)).toMatchObject(
      Array.from({ length: 4 }, () => [{ status: 'RESOLVED' }]),
    );
    expect(new Set(put.map(({ detail }) => detail.communicationId)).size).toBe(2);
    const [closed] = (await ask()).events ?? [];
    expect(closed).toMatchObject({ statusCode: 'closed', endTime: expect.any(Date) });
  });

  it('without a Region is announced in us-east-1, and can reopen', async () => {
    const event = await openIncident(world, { service: 'IAM', region: 'global' });
    const closed = await closeIncident(world, event);
    await updateIncident(world, closed, { statusCode: 'open' });
    expect(put.map(({ region }) => region)).toEqual(['us-east-1', 'us-east-1', 'us-east-1']);
    expect((await ask()).events).toMatchObject([{ statusCode: 'open' }]);
  });
});
