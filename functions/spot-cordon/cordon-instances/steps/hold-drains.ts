import { updateRecords } from '#shared/aws/update-records.ts';
import { addCount } from '#shared/metrics.ts';
import { MINUTE_MS } from '#shared/time.ts';
import type { CordonContext } from '../../context.ts';
import { type DrainLedger, type DrainRequest, grantDrains } from '../../domain/drain-floor.ts';
import { targetKey } from '../../domain/drain-targets.ts';
import { recordFailure, type WorkItem } from '../work-item.ts';

/** After its deadline an interrupted instance is gone, or its interruption did not happen. */
const AFTER_DEADLINE_MS = 10 * MINUTE_MS;

/**
 * Holds the instances back whose departure would leave too few healthy targets. Their registrations stay, and their
 * replacement waits, because Auto Scaling deregisters an instance that leaves its group.
 */
export async function holdDrainsAboveFloor(
  context: CordonContext,
  items: readonly WorkItem[],
  signal: AbortSignal,
): Promise<void> {
  const requests = requestsByPool(items, context.invocation.now());
  if (requests.size === 0) return;
  const granted = new Map<string, ReadonlySet<string>>();
  const ledgers = { table: context.config.drainLedgerTable, key: 'pool', signal } as const;
  const { failures } = await updateRecords<DrainLedger>(ledgers, [...requests.keys()], (known, name) => {
    const pool = { name, healthy: healthyTargetsOf(items, name) };
    const options = { share: context.config.drainFloorPercent / 100, now: context.invocation.now() };
    const result = grantDrains(known, pool, requests.get(name) ?? [], options);
    granted.set(name, result.granted);
    return result.granted.size > 0 ? result.ledger : undefined;
  });
  for (const item of items) holdBack(item, granted, failures);
  addCount(
    context.invocation.metrics,
    'DrainHeld',
    items.filter(({ heldPools }) => heldPools.length > 0).length,
  );
}

function requestsByPool(items: readonly WorkItem[], now: number): Map<string, DrainRequest[]> {
  const requests = new Map<string, DrainRequest[]>();
  for (const { instanceId, record, targets, classicLoadBalancers } of items) {
    const { deadline, expiresAt } = record;
    const until = (record.severity === 'interruption' ? deadline : expiresAt) ?? now;
    const about = { instanceId, deadline, until: Math.max(until, now) + AFTER_DEADLINE_MS };
    for (const drained of targets) {
      const keys = drained.targets.map(targetKey);
      requests.set(drained.targetGroupArn, [
        ...(requests.get(drained.targetGroupArn) ?? []),
        { ...about, keys },
      ]);
    }
    for (const name of classicLoadBalancers)
      requests.set(name, [...(requests.get(name) ?? []), { ...about, keys: [instanceId] }]);
  }
  return requests;
}

function healthyTargetsOf(items: readonly WorkItem[], pool: string): ReadonlySet<string> {
  return items.find(({ healthyTargets }) => healthyTargets.has(pool))?.healthyTargets.get(pool) ?? new Set();
}

function holdBack(
  item: WorkItem,
  granted: ReadonlyMap<string, ReadonlySet<string>>,
  failures: ReadonlyMap<string, unknown>,
): void {
  const mayLeave = (pool: string): boolean =>
    !failures.has(pool) && granted.get(pool)?.has(item.instanceId) === true;
  const pools = [...item.targets.map(({ targetGroupArn }) => targetGroupArn), ...item.classicLoadBalancers];
  item.heldPools = pools.filter((pool) => !mayLeave(pool));
  for (const pool of pools) {
    if (failures.has(pool)) recordFailure([item], 'drain', failures.get(pool));
    else if (!mayLeave(pool)) item.remarks.push(`${pool}: drain waits, too few healthy targets would remain`);
  }
  item.targets = item.targets.filter(({ targetGroupArn }) => mayLeave(targetGroupArn));
  item.classicLoadBalancers = item.classicLoadBalancers.filter(mayLeave);
}
