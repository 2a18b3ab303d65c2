import { mapLimit } from '#shared/concurrency.ts';
import { findClassicLoadBalancers } from '../aws/elastic-load-balancing.ts';
import { listTargets } from '../aws/elastic-load-balancing-v2.ts';
import type { TerminationContext } from '../context.ts';
import { isNotDraining, registrationsOf, type TargetGroup } from '../domain/drain-targets.ts';
import { isTerminated } from '../domain/instance.ts';
import { findTargetGroups } from '../find-target-groups.ts';
import type { Termination } from './termination.ts';

const CALLS_AT_ONCE = 8;

/** Finds where the instances are registered, draining or not. A later look reads only what the first one found. */
export async function findRegistrations(
  context: TerminationContext,
  held: readonly Termination[],
): Promise<void> {
  // Elastic Load Balancing drops a terminated instance by itself.
  const toDrain = held.filter(({ action, instance }) => !(action.usesWarmPool || isTerminated(instance)));
  if (toDrain.length === 0) return;
  await Promise.all([searchTargetGroups(context, toDrain), searchClassicLoadBalancers(context, toDrain)]);
}

async function searchTargetGroups(
  context: TerminationContext,
  toDrain: readonly Termination[],
): Promise<void> {
  const { signal } = context.invocation;
  await mapLimit(await listGroupsToSearch(context, toDrain), CALLS_AT_ONCE, async (targetGroup) => {
    const registered = await listTargets(targetGroup.arn, signal);
    for (const { instance, registrations } of toDrain) {
      const own = instance ? registrationsOf(instance, targetGroup, registered) : [];
      const targets = own.filter(isNotDraining).map(({ target }) => target);
      if (own.length > 0) registrations.push({ targetGroup, targets });
    }
  });
}

async function listGroupsToSearch(
  { config, invocation: { signal } }: TerminationContext,
  toDrain: readonly Termination[],
): Promise<TargetGroup[]> {
  const first = toDrain.filter(({ action }) => !action.drain);
  const found = first.length === 0 ? [] : await findTargetGroups(first, config.drainSearch, signal);
  const known = toDrain.flatMap(({ action }) => action.drain?.targetGroups ?? []);
  return [...new Map([...known, ...found].map((group) => [group.arn, group])).values()];
}

async function searchClassicLoadBalancers(
  { invocation: { signal } }: TerminationContext,
  toDrain: readonly Termination[],
): Promise<void> {
  const ids = new Set(toDrain.map(({ action }) => action.instanceId));
  const loadBalancers = [...(await findClassicLoadBalancers(ids, signal))];
  for (const one of toDrain) {
    const own = loadBalancers.filter(([, instances]) => instances.includes(one.action.instanceId));
    one.classicLoadBalancers = own.map(([name]) => name);
  }
}
