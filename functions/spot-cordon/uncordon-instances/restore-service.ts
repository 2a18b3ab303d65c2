import { forEachIsolated } from '#shared/concurrency.ts';
import { describeGroups, setScaleInProtection } from '../aws/auto-scaling.ts';
import { registerWithClassic } from '../aws/elastic-load-balancing.ts';
import { listTargets, registerTargets } from '../aws/elastic-load-balancing-v2.ts';
import type { UncordonContext } from '../context.ts';
import type { DrainedTargets } from '../domain/cordon-record.ts';
import type { AutoScalingGroup } from '../domain/instance.ts';
import { mayRestoreProtection } from '../domain/protection.ts';
import {
  notRestoredClassicReason,
  notRestoredReason,
  outOfServiceReason,
} from '../domain/restore-targets.ts';
import { type ClaimedCordon, cordonIds, recordFailure, runStep } from './claimed-cordon.ts';
import { logNotRestored } from './log.ts';

const CALLS_AT_ONCE = 8;
const CHANGES_AT_ONCE = 4;

/** The Auto Scaling groups of the cordons, as they are now. */
type GroupsByName = ReadonlyMap<string, AutoScalingGroup>;

/** Puts the instances back where they still belong. */
export async function restoreService(
  context: UncordonContext,
  claimed: readonly ClaimedCordon[],
): Promise<void> {
  const { signal } = context.invocation;
  const names = claimed.filter(hasLeftovers).flatMap(({ record }) => record.group ?? []);
  const groups = names.length === 0 ? new Map() : await describeGroups(names, signal);
  await Promise.all([
    runStep(claimed, (some) => restoreTargets(context, some, groups)),
    runStep(claimed, (some) => restoreClassicRegistrations(context, some, groups)),
    runStep(claimed, (some) => restoreProtection(some, groups, signal)),
  ]);
}

function hasLeftovers({ record }: ClaimedCordon): boolean {
  const { drainedTargets = [], drainedLoadBalancers = [] } = record;
  return drainedTargets.length + drainedLoadBalancers.length > 0 || mayRestoreProtection(record);
}

interface Removed extends DrainedTargets {
  readonly cordon: ClaimedCordon;
}

/** Registers the targets again where they still belong. */
async function restoreTargets(
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

async function restoreClassicRegistrations(
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

/** Sets protection again only if nobody touched it since, and the instance is in service in the group of then. */
async function restoreProtection(
  claimed: readonly ClaimedCordon[],
  groups: GroupsByName,
  signal: AbortSignal,
): Promise<void> {
  const unprotected = claimed.flatMap((cordon) => {
    const { group } = cordon.record;
    return mayRestoreProtection(cordon.record) && group !== undefined ? [{ cordon, group }] : [];
  });
  await forEachIsolated(
    Map.groupBy(unprotected, ({ group }) => group),
    CHANGES_AT_ONCE,
    async ([name, some]) => {
      const inService = some.filter(
        ({ cordon: { record } }) => !outOfServiceReason(record, groups.get(name)),
      );
      if (inService.length > 0) await setScaleInProtection(name, cordonIds(inService), true, signal);
    },
    ([, some], error) => recordFailure(some, error),
  );
}
