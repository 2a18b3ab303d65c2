import { describeTargetGroupsByArn, listTargetGroups } from './aws/elastic-load-balancing-v2.ts';
import { type TargetGroup, targetGroupsToSearch } from './domain/drain-targets.ts';
import type { AutoScalingGroup, Instance } from './domain/instance.ts';

export type DrainSearch = 'vpc' | 'group';

/** An instance that leaves its load balancers. */
interface DrainedInstance {
  readonly instance?: Instance | undefined;
  readonly group?: AutoScalingGroup | undefined;
}

/** The target groups in which the instances may be registered. */
export async function findTargetGroups(
  toDrain: readonly DrainedInstance[],
  search: DrainSearch,
  signal: AbortSignal,
): Promise<TargetGroup[]> {
  const arns = new Set(toDrain.flatMap(({ group }) => group?.targetGroupArns ?? []));
  const instances = toDrain.map(({ instance }) => instance).filter((instance) => instance !== undefined);
  if (search === 'vpc') return targetGroupsToSearch(await listTargetGroups(signal), instances, arns);
  if (arns.size === 0) return [];
  return targetGroupsToSearch(await describeTargetGroupsByArn([...arns], signal), instances, arns);
}
