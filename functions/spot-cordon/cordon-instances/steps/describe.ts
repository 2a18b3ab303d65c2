import { describeGroups } from '../../aws/auto-scaling.ts';
import { describeInstances } from '../../aws/ec2.ts';
import { GONE, groupName, isGone } from '../../domain/instance.ts';
import { type Case, idsOf, lacks } from '../work-item.ts';

/** Looks the instances up, and the groups that their tags name. */
export async function look(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const open = cases.filter(({ looked }) => !looked);
  const instances = open.length > 0 ? await describeInstances(idsOf(open), signal) : new Map();
  for (const one of open) {
    const instance = instances.get(one.instanceId);
    if (instance) one.instance = instance;
    one.looked = true;
  }
  const names = cases.map(({ instance }) => groupName(instance)).filter((name) => name !== undefined);
  if (names.length === 0) return;
  const groups = await describeGroups(names, signal);
  for (const one of cases) {
    const group = groups.get(groupName(one.instance) ?? '');
    if (group?.members.has(one.instanceId)) one.group = group;
  }
}

/** Nothing is left to do for an instance that EC2 no longer knows; the sweep forgets its record. */
export function settleGone(cases: readonly Case[]): void {
  for (const one of cases) {
    const isKnownGone = one.looked && isGone(one.instance);
    // CreateTags says so too, should the look have failed.
    if (!isKnownGone && one.outcomes.tag !== GONE) continue;
    for (const step of ['announce', 'protect', 'drain', 'replace', 'notify'] as const) {
      if (lacks(one, step)) one.outcomes[step] = GONE;
    }
  }
}
