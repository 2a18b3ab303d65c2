import { DetachInstancesCommand } from '@aws-sdk/client-auto-scaling';
import { DeregisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import { cordonInstances } from '../../../functions/spot-cordon/cordon-instances/cordon-instances.ts';
import type { ReceivedEvent } from '../../../functions/spot-cordon/cordon-instances/group-batch.ts';
import {
  type Disruption,
  interruptionDisruption,
  rebalanceDisruption,
} from '../../../functions/spot-cordon/domain/disruption.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import { clients, type FakeTargetGroup, openAccount, publishedEvents, table } from './fake-account.ts';
import { cordonConfig, MINUTE, NOW } from './sample-records.ts';

const ids = ['i-aaaa0001', 'i-aaaa0002', 'i-aaaa0003', 'i-aaaa0004'] as const;
const DRAIN = { 'groundcrew:drain': 'true' };
const ADVICE = { 'groundcrew:drain': 'advice' };

const info = (instanceId: string) => ({
  instanceId,
  eventTime: NOW,
  sourceEventId: `event of ${instanceId}`,
});
const warning = (id: string): Disruption =>
  interruptionDisruption(info(id), 'spot interruption', 'terminate');
const recommendation = (id: string): Disruption => rebalanceDisruption(info(id), 30 * MINUTE);

async function cordon(received: readonly ReceivedEvent[], now = NOW) {
  const { invocation } = fakeInvocation({ now: () => now });
  const deliveries = received.map((one) => ({ ...one, receiveCount: 1 }));
  const { retry } = await cordonInstances(deliveries, cordonConfig, invocation);
  return retry.map(({ id }) => id);
}

/** One delivery per instance, as if each warning came in a batch of its own at the same time. */
function cordonEach(make: (id: string) => Disruption, some: readonly string[] = ids) {
  return Promise.all(
    some.map((id) => cordon([{ id, message: { kind: 'disruption', disruptions: [make(id)], ignored: [] } }])),
  );
}

/** Delivers the messages about instances that wait. */
function recheck(now: number) {
  const due = publishedEvents().filter(({ type }) => type === 'Cordon Due');
  return cordon(
    due.map(({ detail }, i) => ({
      id: `due ${i}`,
      message: { kind: 'due', instanceId: detail['instance-id'] ?? '' },
    })),
    now,
  );
}

function deregistered(): string[] {
  return clients.elb
    .commandCalls(DeregisterTargetsCommand)
    .flatMap(({ args }) => args[0].input.Targets ?? [])
    .map(({ Id = '' }) => Id)
    .sort();
}

function openPool(
  tags: Record<string, string>,
  more: { readonly rebalances?: boolean; readonly spares?: number } = {},
) {
  const web: FakeTargetGroup = {
    arn: 'web',
    targets: ids.map((Id) => ({ Id, Port: 80 })),
    spares: more.spares ?? 0,
  };
  openAccount({
    instances: ids.map((id) => ({ id, tags: { ...tags, 'aws:autoscaling:groupName': 'workers' } })),
    groups: [{ name: 'workers', members: ids, targetGroups: ['web'], rebalances: more.rebalances ?? false }],
    targetGroups: [web],
  });
}

describe('draining a pool whose instances are all warned at once', () => {
  it('leaves half of the healthy targets, although each warning has an invocation of its own', async () => {
    openPool(DRAIN);

    await cordonEach(warning);

    expect(deregistered()).toHaveLength(2);
  });

  it('lets the others go, except the last healthy one, in their last seconds', async () => {
    openPool(DRAIN);
    await cordonEach(warning);

    await recheck(NOW + 80_000);
    const before = deregistered();
    await recheck(NOW + 90_000);

    expect([before.length, deregistered().length]).toEqual([2, 3]);
  });

  it('ends the wait of the last one at its deadline', async () => {
    openPool(DRAIN);
    await cordonEach(warning);
    await recheck(NOW + 90_000);

    await recheck(NOW + 2 * MINUTE);

    const outcomes = ids.map((id) => table.get(id)?.steps.drain ?? 'none').sort();
    expect(outcomes.filter((outcome) => outcome.startsWith('not before'))).toHaveLength(1);
    expect(outcomes).not.toContain('none');
  });

  it('does not replace an instance that waits, because leaving the group would deregister it', async () => {
    openPool({ ...DRAIN, 'groundcrew:replace': 'true' });

    await cordonEach(warning);

    const detached = clients.autoScaling
      .commandCalls(DetachInstancesCommand)
      .flatMap(({ args }) => args[0].input.InstanceIds ?? []);
    expect(detached.sort()).toEqual(deregistered());
  });

  it('holds the replacement of instances that are not drained otherwise', async () => {
    openPool({ 'groundcrew:replace': 'true' });

    await cordonEach(warning);

    expect(clients.autoScaling.commandCalls(DetachInstancesCommand)).toHaveLength(2);
  });

  it('leaves draining to Auto Scaling in a group with Capacity Rebalancing', async () => {
    openPool(DRAIN, { rebalances: true });

    await cordonEach(warning);

    expect(deregistered()).toEqual([]);
    expect(table.get(ids[0])?.steps.drain).toBe('left to Capacity Rebalancing');
  });
});

describe('advice', () => {
  it('drains nothing', async () => {
    openPool(DRAIN, { spares: 9 });

    await cordonEach(recommendation);

    expect(deregistered()).toEqual([]);
    expect(table.get(ids[0])?.steps.drain).toBe('not requested for advice');
  });

  it('drains with groundcrew:drain=advice, but not below the floor', async () => {
    openPool(ADVICE);

    const retried = await cordonEach(recommendation);

    expect(retried.flat()).toEqual([]);
    expect(deregistered()).toHaveLength(2);
    expect(ids.filter((id) => table.get(id)?.drainHeldSince !== undefined)).toHaveLength(2);
  });
});
