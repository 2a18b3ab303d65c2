import { mapLimit } from '../../shared/concurrency.ts';
import {
  classicHolding,
  deregistrationDelaySeconds,
  listTargetGroups,
  listTargets,
  readTargetGroups,
} from './aws/load-balancing.ts';
import { type Case, lacks } from './case.ts';
import type { DrainedTargets } from './cordon.ts';
import { candidates, outlivesNotice, type TargetGroup, targetsOf, wantsDraining } from './draining.ts';

export type DrainSearch = 'vpc' | 'group';

const CALLS_AT_ONCE = 8;

/**
 * Finds where the instances that want draining are registered, under which ports. One call lists a whole target
 * group, so the cost is that of the target groups and does not grow with the instances.
 */
export async function findTargets(
  cases: readonly Case[],
  search: DrainSearch,
  signal: AbortSignal,
): Promise<void> {
  const wanting = cases.filter((one) => lacks(one, 'drain') && wantsDraining(one.instance));
  if (wanting.length === 0) return;
  const [found, classic] = await Promise.all([
    searchGroups(wanting, search, signal),
    classicHolding(new Set(wanting.map(({ instanceId }) => instanceId)), signal),
  ]);
  for (const one of wanting) {
    one.drain = found.get(one.instanceId) ?? [];
    one.drainClassic = [...classic].filter(([, held]) => held.includes(one.instanceId)).map(([name]) => name);
  }
  await remarkOnSlowGroups(wanting, signal);
}

async function searchGroups(
  cases: readonly Case[],
  search: DrainSearch,
  signal: AbortSignal,
): Promise<Map<string, DrainedTargets[]>> {
  const groups = await groupsToSearch(cases, search, signal);
  const found = new Map<string, DrainedTargets[]>();
  await mapLimit(groups, CALLS_AT_ONCE, async (group) => {
    const registered = await listTargets(group.arn, signal);
    for (const { instanceId, instance } of cases) {
      const targets = instance ? targetsOf(instance, group, registered) : [];
      if (targets.length > 0) {
        found.set(instanceId, [...(found.get(instanceId) ?? []), { targetGroupArn: group.arn, targets }]);
      }
    }
  });
  return found;
}

async function groupsToSearch(
  cases: readonly Case[],
  search: DrainSearch,
  signal: AbortSignal,
): Promise<TargetGroup[]> {
  const filled = new Set(cases.flatMap(({ group }) => group?.targetGroupArns ?? []));
  const instances = cases.map(({ instance }) => instance).filter((instance) => instance !== undefined);
  if (search === 'vpc') return candidates(await listTargetGroups(signal), instances, filled);
  return filled.size === 0 ? [] : candidates(await readTargetGroups([...filled], signal), instances, filled);
}

/** A target group that drains for longer than the instance lives cuts its connections off: somebody should know. */
async function remarkOnSlowGroups(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const arns = new Set(cases.flatMap(({ drain }) => drain.map(({ targetGroupArn }) => targetGroupArn)));
  const delays = new Map(
    await mapLimit(
      [...arns],
      CALLS_AT_ONCE,
      async (arn) => [arn, await deregistrationDelaySeconds(arn, signal)] as const,
    ),
  );
  for (const { drain, remarks } of cases) {
    for (const { targetGroupArn } of drain) {
      const delay = delays.get(targetGroupArn) ?? 0;
      if (outlivesNotice(delay))
        remarks.push(`${targetGroupArn} drains for ${delay} s, longer than the notice of 120 s`);
    }
  }
}
