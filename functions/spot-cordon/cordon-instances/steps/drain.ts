import { forEachIsolated } from '#shared/concurrency.ts';
import { classicHolding, deregisterFromClassic } from '../../aws/elastic-load-balancing.ts';
import {
  deregisterTargets,
  deregistrationDelaySeconds,
  listTargetGroups,
  listTargets,
  readTargetGroups,
} from '../../aws/elastic-load-balancing-v2.ts';
import type { Target } from '../../domain/cordon-record.ts';
import {
  candidates,
  outlivesNotice,
  type TargetGroup,
  targetKey,
  targetsOf,
  wantsDraining,
} from '../../domain/drain-targets.ts';
import { type Case, fail, idsOf, lacking, lacks } from '../work-item.ts';

export type DrainSearch = 'vpc' | 'group';

const CALLS_AT_ONCE = 8;

/**
 * Finds where the instances that want draining are registered, under which ports. One call lists a whole target
 * group, so the cost is that of the target groups and does not grow with the instances. What could not be looked at
 * fails the step, and keeps nothing from being drained that was found elsewhere.
 */
export async function findTargets(
  cases: readonly Case[],
  search: DrainSearch,
  signal: AbortSignal,
): Promise<void> {
  const wanting = cases.filter((one) => lacks(one, 'drain') && wantsDraining(one.instance));
  if (wanting.length === 0) return;
  const failed = (error: unknown): void => fail(wanting, 'drain', error);
  await Promise.all([
    searchGroups(wanting, search, signal).catch(failed),
    searchClassic(wanting, signal).catch(failed),
  ]);
  await remarkOnSlowGroups(wanting, signal);
}

async function searchGroups(cases: readonly Case[], search: DrainSearch, signal: AbortSignal): Promise<void> {
  await forEachIsolated(
    await groupsToSearch(cases, search, signal),
    CALLS_AT_ONCE,
    async (group) => {
      const registered = await listTargets(group.arn, signal);
      for (const one of cases) {
        const targets = one.instance ? targetsOf(one.instance, group, registered) : [];
        if (targets.length > 0) one.drain = [...one.drain, { targetGroupArn: group.arn, targets }];
      }
    },
    (_, error) => fail(cases, 'drain', error),
  );
}

async function searchClassic(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const classic = await classicHolding(new Set(cases.map(({ instanceId }) => instanceId)), signal);
  for (const one of cases) {
    one.drainClassic = [...classic].filter(([, held]) => held.includes(one.instanceId)).map(([name]) => name);
  }
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
  const remark = new Map<string, string>();
  await forEachIsolated(
    arns,
    CALLS_AT_ONCE,
    async (arn) => {
      const delay = await deregistrationDelaySeconds(arn, signal);
      if (outlivesNotice(delay)) remark.set(arn, `drains for ${delay} s, longer than the notice of 120 s`);
    },
    // No reason to keep anybody from draining.
    (arn) => remark.set(arn, 'could not be asked for how long it drains'),
  );
  for (const { drain, remarks } of cases) {
    for (const { targetGroupArn } of drain) {
      const text = remark.get(targetGroupArn);
      if (text) remarks.push(`${targetGroupArn} ${text}`);
    }
  }
}

/** Takes the targets out, and then looks whether they are: deregistering what is not there succeeds silently. */
export async function drain(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const open = lacking(cases, 'drain');
  const byArn = Map.groupBy(
    open.flatMap((one) => one.drain.map((drained) => ({ one, ...drained }))),
    ({ targetGroupArn }) => targetGroupArn,
  );
  await Promise.all([
    forEachIsolated(
      byArn,
      8,
      ([arn, some]) => drainTargetGroup(arn, some, signal),
      ([, some], error) => failDrain(some, error),
    ),
    drainClassic(open, signal),
  ]);
  for (const one of open) if (!one.failures.has('drain')) one.outcomes.drain = drainOutcome(one);
}

async function drainTargetGroup(
  arn: string,
  some: readonly { readonly one: Case; readonly targets: readonly Target[] }[],
  signal: AbortSignal,
): Promise<void> {
  await deregisterTargets(
    arn,
    some.flatMap(({ targets }) => targets),
    signal,
  );
  const registered = await listTargets(arn, signal);
  const left = new Set(
    registered.filter(({ state }) => state !== 'draining').map(({ target }) => targetKey(target)),
  );
  const stuck = some.filter(({ targets }) => targets.some((target) => left.has(targetKey(target))));
  failDrain(stuck, new Error(`targets are still registered in ${arn}`));
}

function failDrain(some: readonly { readonly one: Case }[], error: unknown): void {
  fail(
    some.map(({ one }) => one),
    'drain',
    error,
  );
}

async function drainClassic(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const byName = Map.groupBy(
    cases.flatMap((one) => one.drainClassic.map((name) => ({ name, one }))),
    ({ name }) => name,
  );
  await forEachIsolated(
    byName,
    4,
    ([name, some]) => deregisterFromClassic(name, idsOf(some.map(({ one }) => one)), signal),
    ([, some], error) => failDrain(some, error),
  );
}

function drainOutcome({ instance, drain: drained, drainClassic: classic }: Case): string {
  if (!wantsDraining(instance)) return 'not asked for';
  const targets = drained.reduce((sum, { targets }) => sum + targets.length, 0);
  if (targets + classic.length === 0) return 'registered nowhere';
  return `${targets} targets in ${drained.length} target groups, ${classic.length} Classic Load Balancers`;
}
