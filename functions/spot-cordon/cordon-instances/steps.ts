import { publishEvents } from '#shared/aws/eventbridge.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { describeGroups, detach, hasTerminatingHook, setProtection, terminate } from '../aws/auto-scaling.ts';
import { describeInstances, tagCordoned } from '../aws/ec2.ts';
import { deregisterFromClassic, deregisterTargets, listTargets } from '../aws/load-balancing.ts';
import type { Target } from '../domain/cordon-record.ts';
import { targetKey, wantsDraining } from '../domain/drain-targets.ts';
import { GONE, groupName, isGone } from '../domain/instance.ts';
import { chooseReplacement, wantsReplacement } from '../domain/replacement.ts';
import { cordoned } from '../messages/events.ts';
import { type Case, fail, lacks } from './work-item.ts';

/** CreateTags in one call for each severity: the value carries nothing of the single instance. */
export async function tag(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const bySeverity = Map.groupBy(lacking(cases, 'tag'), (one) => one.record.severity);
  for (const [severity, some] of bySeverity) {
    const unmarked = await tagCordoned(idsOf(some), severity, signal);
    for (const one of some) one.outcomes.tag = unmarked.get(one.instanceId) ?? 'done';
  }
}

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

export async function tellSchedulers(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const open = lacking(cases, 'announce');
  if (open.length === 0) return;
  const refused = await publishEvents(
    open.map(({ record, group }) => cordoned(group ? { ...record, group: group.name } : record)),
    signal,
  );
  open.forEach((one, i) => {
    const error = refused[i];
    if (error) fail([one], 'announce', error);
    else one.outcomes.announce = 'done';
  });
}

/** Takes scale-in protection away, so that scale-in and Capacity Rebalancing may choose the endangered instance. */
export async function unprotect(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const open = lacking(cases, 'protect');
  for (const one of open.filter((one) => !isProtected(one))) one.outcomes.protect = 'not protected';
  const byGroup = Map.groupBy(open.filter(isProtected), ({ group }) => group?.name ?? '');
  await forEachIsolated(
    byGroup,
    4,
    async ([group, some]) => {
      const left = new Set(await setProtection(group, idsOf(some), false, signal));
      for (const one of some) one.outcomes.protect = left.has(one.instanceId) ? 'not in service' : 'removed';
    },
    ([, some], error) => fail(some, 'protect', error),
  );
}

export function isProtected(one: Case): boolean {
  return one.group?.members.get(one.instanceId)?.protectedFromScaleIn ?? false;
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

/** Has Auto Scaling launch a replacement, in the way that was chosen for each. */
export async function replace(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const open = lacking(cases, 'replace');
  const chosen = open.filter(({ replacement }) => replacement && replacement.by !== 'nobody');
  const byWay = Map.groupBy(chosen, ({ replacement, group }) => `${replacement?.by} ${group?.name}`);
  await forEachIsolated(
    byWay.values(),
    4,
    (some) => replaceInGroup(some, signal),
    (some, error) => fail(some, 'replace', error),
  );
  for (const one of open) {
    if (one.replacement?.by === 'nobody') one.outcomes.replace = one.replacement.why;
  }
}

async function replaceInGroup(some: readonly Case[], signal: AbortSignal): Promise<void> {
  const [first] = some;
  const name = first?.group?.name;
  if (!first || !name) return;
  const isDetach = first.replacement?.by === 'detach';
  const left = new Set(await (isDetach ? detach : terminate)(name, idsOf(some), signal));
  const done = isDetach ? 'detached, replacement ordered' : 'terminating, replacement ordered';
  for (const one of some) one.outcomes.replace = left.has(one.instanceId) ? 'had left its group' : done;
}

/** Decides for each case who replaces it. Hooks are read once for each group that has somebody to replace. */
export async function planReplacements(cases: readonly Case[], signal: AbortSignal): Promise<void> {
  const open = lacking(cases, 'replace');
  const wanted = open.filter(({ record, instance }) => wantsReplacement(record, instance));
  for (const one of open) one.replacement = { by: 'nobody', why: whyNot(one) };
  for (const one of wanted) one.replacement = chooseReplacement(one.instanceId, one.group, false);
  // Only where something is to be replaced does the choice depend on hooks.
  const replaceable = wanted.filter(({ replacement }) => replacement?.by === 'detach');
  await forEachIsolated(
    Map.groupBy(replaceable, ({ group }) => group?.name ?? ''),
    4,
    async ([name, some]) => {
      const hasHook = await hasTerminatingHook(name, signal);
      for (const one of some) one.replacement = chooseReplacement(one.instanceId, one.group, hasHook);
    },
    ([, some], error) => fail(some, 'replace', error),
  );
}

function whyNot({ record }: Case): string {
  const isTerminated = record.severity === 'interruption' && record.action === 'terminate';
  return isTerminated ? 'not asked for' : 'not for this danger';
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

function idsOf(cases: readonly Case[]): string[] {
  return cases.map(({ instanceId }) => instanceId);
}

function lacking(cases: readonly Case[], step: Parameters<typeof lacks>[1]): Case[] {
  return cases.filter((one) => lacks(one, step));
}
