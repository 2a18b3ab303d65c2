import { forEachIsolated } from '#shared/concurrency.ts';
import { registerWithClassic } from '../aws/elastic-load-balancing.ts';
import { listTargets, registerTargets } from '../aws/elastic-load-balancing-v2.ts';
import type { UncordonContext } from '../context.ts';
import type { DrainedTargets } from '../domain/cordon-record.ts';
import type { AutoScalingGroup } from '../domain/instance.ts';
import { notRestoredClassicReason, notRestoredReason } from '../domain/restore-targets.ts';
import { type ClaimedCordon, cordonIds, recordFailure } from './claimed-cordon.ts';
import { logNotRestored } from './log.ts';

const CALLS_AT_ONCE = 8;
const CHANGES_AT_ONCE = 4;

/** The Auto Scaling groups of the cordons, as they are now. */
export type GroupsByName = ReadonlyMap<string, AutoScalingGroup>;

interface Removed extends DrainedTargets {
  readonly cordon: ClaimedCordon;
}

/** Registers the targets again where they still belong. */
export async function restoreTargets(
  { invocation }: UncordonContext,
  claimed: readonly ClaimedCordon[],
  groups: GroupsByName,
): Promise<void> {
  const { signal } = invocation;
  const removed = claimed.flatMap((cordon) =>
    (cordon.record.drainedTargets ?? []).map((drained): Removed => ({ cordon, ...drained })),
  );
  await forEachIsolated(
    Map.groupBy(removed, ({ targetGroupArn }) => targetGroupArn),
    CALLS_AT_ONCE,
    async ([arn, some]) => {
      const registered = await readRegistered(arn, some, signal);
      const wanted = some.filter((one) => {
        const { record } = one.cordon;
        const reason = notRestoredReason(record, one, { group: groups.get(record.group ?? ''), registered });
        if (reason !== undefined) logNotRestored(invocation, record, { loadBalancer: arn, reason });
        return reason === undefined;
      });
      if (wanted.length === 0) return;
      const targets = wanted.flatMap((one) => one.targets);
      for (const { item, error } of await registerTargets(arn, targets, signal)) {
        const owners = wanted.filter((one) => one.targets.includes(item));
        recordFailure(owners, error);
      }
    },
    ([, some], error) => recordFailure(some, error),
  );
}

async function readRegistered(
  arn: string,
  some: readonly Removed[],
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  if (some.every(({ isOfGroup, otherIds = [] }) => isOfGroup || otherIds.length === 0)) return undefined;
  const targets = await listTargets(arn, signal);
  return new Set(targets.filter(({ state }) => state !== 'draining').map(({ target }) => target.Id));
}

export async function restoreClassicRegistrations(
  { invocation }: UncordonContext,
  claimed: readonly ClaimedCordon[],
  groups: GroupsByName,
): Promise<void> {
  const removed = claimed.flatMap((cordon) =>
    (cordon.record.drainedLoadBalancers ?? []).map((name) => ({ cordon, name })),
  );
  const wanted = removed.filter(({ cordon: { record }, name }) => {
    const reason = notRestoredClassicReason(record, name, groups.get(record.group ?? ''));
    if (reason !== undefined) logNotRestored(invocation, record, { loadBalancer: name, reason });
    return reason === undefined;
  });
  await forEachIsolated(
    Map.groupBy(wanted, ({ name }) => name),
    CHANGES_AT_ONCE,
    ([name, some]) => registerWithClassic(name, cordonIds(some), invocation.signal),
    ([, some], error) => recordFailure(some, error),
  );
}
