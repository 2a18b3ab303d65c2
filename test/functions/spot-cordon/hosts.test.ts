import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { cordonInstances } from '../../../functions/spot-cordon/cordon-instances/cordon-instances.ts';
import { parseWarningEvent } from '../../../functions/spot-cordon/cordon-instances/event.ts';
import { hasLeftHosts } from '../../../functions/spot-cordon/domain/maintenance.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import { clients, keep, openAccount, refusal, table } from './fake-account.ts';
import { cordon, cordonConfig, instance, NOW } from './sample-records.ts';

const HOST = 'h-0123456789abcdef0';
const ARN = 'arn:aws:health:eu-west-1::event/host';
const [ON, AWAY, WARNED] = ['i-aaaa0001', 'i-aaaa0002', 'i-aaaa0003'] as const;
const HOUR = 3_600_000;

function healthEvent(statusCode: string, time = NOW): object {
  return {
    id: `${statusCode} at ${time}`,
    source: 'aws.health',
    'detail-type': 'AWS Health Event',
    account: '123456789012',
    region: 'eu-west-1',
    time: new Date(time).toISOString(),
    detail: {
      service: 'EC2',
      eventTypeCategory: 'scheduledChange',
      eventTypeCode: 'AWS_EC2_DEDICATED_HOST_POWER_MAINTENANCE_SCHEDULED',
      eventArn: ARN,
      statusCode,
      startTime: new Date(NOW + HOUR).toUTCString(),
      affectedEntities: [{ entityValue: HOST, status: statusCode === 'closed' ? 'RESOLVED' : 'PENDING' }],
    },
  };
}

const warning = {
  ...healthEvent('open'),
  id: 'warning',
  source: 'aws.ec2',
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  detail: { 'instance-id': WARNED, 'instance-action': 'terminate' },
};

async function deliver(...events: object[]) {
  const { invocation } = fakeInvocation({ now: () => NOW });
  const deliveries = events.map((event, i) => ({
    id: String(i),
    message: parseWarningEvent(event, { region: 'eu-west-1', rebalanceHoldMs: HOUR }),
    receiveCount: 1,
  }));
  const { retry } = await cordonInstances(deliveries, { ...cordonConfig, scope: 'tagged' }, invocation);
  return retry.map(({ id }) => id);
}

function openHost(): void {
  const tags = { 'groundcrew:managed': 'true' };
  openAccount({
    instances: [
      { id: ON, tags, host: HOST },
      { id: AWAY, tags, state: 'stopped' },
      { id: WARNED, tags },
    ],
  });
}

describe('maintenance of a Dedicated Host', () => {
  it('cordons the instances on it, and the record names the host', async () => {
    openHost();

    await deliver(healthEvent('open'));

    expect([...table.keys()]).toEqual([ON]);
    expect(table.get(ON)?.maintenance).toMatchObject([{ notice: ARN, host: HOST }]);
  });

  it('releases also an instance that has left the host since', async () => {
    openHost();
    const notice = { notice: ARN, host: HOST, eventTime: NOW - HOUR, sourceEventId: 'e' };
    const kind = { reason: 'scheduled maintenance', action: 'maintenance' } as const;
    const times = { startsAt: NOW + HOUR, dueAt: NOW - HOUR, expiresAt: NOW + 25 * HOUR };
    const maintenance = [{ ...notice, ...kind, ...times }];
    const until = { expiresAt: times.expiresAt, eventTime: NOW - HOUR };
    for (const instanceId of [ON, AWAY])
      keep(cordon({ instanceId, severity: 'scheduled', notice: ARN, ...kind, ...until, maintenance }));

    await deliver(healthEvent('closed'));

    expect([ON, AWAY].map((id) => table.get(id)?.expiresAt)).toEqual([NOW, NOW]);
  });

  it('cordons nothing if it is called off in the same batch', async () => {
    openHost();

    await deliver(healthEvent('closed', NOW + 1000), healthEvent('open'));

    expect(table.size).toBe(0);
  });

  it('is delivered again if the instances cannot be described, and delays no other event', async () => {
    openHost();
    const Filters = [{ Name: 'host-id', Values: [HOST] }];
    clients.ec2
      .on(DescribeInstancesCommand, { Filters, MaxResults: 1000 })
      .rejects(refusal('RequestLimitExceeded'));

    const retry = await deliver(healthEvent('open'), warning);

    expect(retry).toEqual(['0']);
    expect(table.get(WARNED)?.steps.tag).toBe('done');
  });
});

describe('an instance', () => {
  const notice = (host?: string, isClosed?: true) => ({
    ...{ notice: ARN, eventTime: NOW, sourceEventId: 'e', reason: 'scheduled reboot', action: 'reboot' },
    ...{ startsAt: NOW, dueAt: NOW, expiresAt: NOW },
    ...(host && { host }),
    ...(isClosed && { isClosed }),
  });

  it.each([
    ['on the host', [notice(HOST)], instance({ hostId: HOST }), false],
    ['on another host', [notice(HOST)], instance({ hostId: 'h-00000000' }), true],
    ['on no host', [notice(HOST)], instance(), true],
    ['that is stopped, so it may come back', [notice(HOST)], instance({ state: 'stopped' }), false],
    ['with maintenance of its own', [notice(HOST), notice()], instance(), false],
    ['whose own maintenance is over', [notice(HOST), notice(undefined, true)], instance(), true],
    ['without open maintenance', [notice(HOST, true)], instance(), false],
  ] as const)('%s', (_, notices, found, hasLeft) => {
    expect(hasLeftHosts(notices as never, found)).toBe(hasLeft);
  });
});
