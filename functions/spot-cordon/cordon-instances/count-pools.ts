import { addCountBy } from '#shared/metrics.ts';
import type { CordonContext } from '../context.ts';
import type { Severity } from '../domain/disruption.ts';
import type { WorkItem } from './work-item.ts';

/** Maintenance says nothing about a pool of capacity. */
const metricNames: Readonly<Partial<Record<Severity, string>>> = {
  interruption: 'PoolInterrupted',
  rebalance: 'PoolAdvised',
};

/** Counts new disruptions by instance type, zone and purchase option, so that the owner of a fleet sees the bad pools. */
export function countPools({ config, invocation }: CordonContext, items: readonly WorkItem[]): void {
  if (!config.hasPoolMetrics) return;
  const disrupted = items.flatMap(({ change, record, instance }) => {
    const name = change === 'new' || change === 'raised' ? metricNames[record.severity] : undefined;
    if (!name || !instance) return [];
    const { instanceType, availabilityZone, purchaseOption } = instance;
    const dimensions = { instanceType, availabilityZone, purchaseOption };
    return [{ name, dimensions, key: JSON.stringify([name, dimensions]) }];
  });
  for (const some of Map.groupBy(disrupted, ({ key }) => key).values()) {
    const [first] = some;
    if (first) addCountBy(invocation.metrics, first.dimensions, first.name, some.length);
  }
}
