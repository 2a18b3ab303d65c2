import { forEachIsolated } from '#shared/concurrency.ts';
import { detach, hasTerminatingHook, setProtection, terminate } from '../../aws/auto-scaling.ts';
import { chooseReplacement, wantsReplacement } from '../../domain/replacement.ts';
import { type Case, fail, idsOf, lacking } from '../work-item.ts';

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
