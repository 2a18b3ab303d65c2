import { expect, it } from 'vitest';
import { cordonInstances } from '../../../functions/spot-cordon/cordon-instances/cordon-instances.ts';
import {
  type Disruption,
  interruptionDisruption,
  rebalanceDisruption,
} from '../../../functions/spot-cordon/domain/disruption.ts';
import { fakeInvocation } from '../../support/handlers/invocation.ts';
import { openAccount } from './fake-account.ts';
import { cordonConfig, NOW } from './sample-records.ts';

const ids = ['i-aaaa0001', 'i-aaaa0002', 'i-aaaa0003'];
const POOL = 'm5.large eu-west-1a spot';

const info = (instanceId: string) => ({
  instanceId,
  eventTime: NOW,
  sourceEventId: `event of ${instanceId}`,
});
const interruption = (id: string): Disruption =>
  interruptionDisruption(info(id), 'spot interruption', 'terminate');
const recommendation = (id: string): Disruption => rebalanceDisruption(info(id), 1_800_000);

async function deliver(disruptions: readonly Disruption[], hasPoolMetrics: boolean) {
  const { invocation, book } = fakeInvocation({ now: () => NOW });
  const deliveries = disruptions.map((disruption, i) => ({
    id: String(i),
    message: { kind: 'disruption' as const, disruptions: [disruption], ignored: [] },
    receiveCount: 1,
  }));
  await cordonInstances(deliveries, { ...cordonConfig, hasPoolMetrics }, invocation);
  return Object.fromEntries(Object.entries(book.counts).filter(([name]) => name.startsWith('Pool')));
}

it('counts by instance type, zone and purchase option, each disruption once', async () => {
  openAccount({ instances: ids.map((id) => ({ id })) });
  const [a = '', b = '', c = ''] = ids;
  const batch = [interruption(a), interruption(b), recommendation(c)];

  expect(await deliver(batch, true)).toEqual({
    [`PoolInterrupted of ${POOL}`]: 2,
    [`PoolAdvised of ${POOL}`]: 1,
  });
  expect(await deliver(batch, true)).toEqual({});
  expect(await deliver([interruption(c)], true)).toEqual({ [`PoolInterrupted of ${POOL}`]: 1 });
});

it('counts nothing by pool unless it is switched on', async () => {
  openAccount({ instances: ids.map((id) => ({ id })) });

  expect(await deliver(ids.map(interruption), false)).toEqual({});
});
