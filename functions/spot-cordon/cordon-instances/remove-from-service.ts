import { type RecordUpdate, updateRecords } from '#shared/aws/update-records.ts';
import type { Cordon, Draft } from '../domain/cordon-record.ts';
import { mergeDrained } from '../domain/drain-targets.ts';
import { attempt, type Run } from './run-step.ts';
import { drain, isProtected, replace, unprotect } from './steps.ts';
import { type Case, fail, knownOf, lacks } from './work-item.ts';

/**
 * Takes protection and targets away and orders replacements, side by side. What is about to be taken is written down
 * first, so that it can be given back whatever happens in between.
 */
export async function takeAway(run: Run, cases: readonly Case[]): Promise<void> {
  await writeDown(run, cases.filter(takes));
  const noted = cases.filter((one) => !one.failures.has('record'));
  const planned = noted.filter((one) => !one.failures.has('replace'));
  await Promise.all([
    // What an incomplete search has found is taken out all the same; the rest waits for the next delivery.
    attempt(run, { step: 'drain', limit: 'act', cases: noted }, drain),
    // Protection first: the group refuses to change that of an instance which has left it.
    attempt(run, { step: 'protect', limit: 'protect', cases: noted }, unprotect).then(() =>
      attempt(run, { step: 'replace', limit: 'act', cases: planned }, replace),
    ),
  ]);
}

/** What cannot be written down is not taken; the others go on. */
async function writeDown({ use }: Run, cases: readonly Case[]): Promise<void> {
  const taking = new Map(cases.map((one) => [one.instanceId, one]));
  const mutate: RecordUpdate<Cordon> = (known, id) => {
    const one = taking.get(id);
    return known && one ? remember(known, one) : undefined;
  };
  const { records, failures } = await updateRecords(use, [...taking.keys()], mutate, knownOf(cases));
  for (const one of cases) {
    one.record = records.get(one.instanceId) ?? one.record;
    if (failures.has(one.instanceId)) fail([one], 'record', failures.get(one.instanceId));
  }
}

function takes(one: Case): boolean {
  const drains = lacks(one, 'drain') && one.drain.length + one.drainClassic.length > 0;
  return drains || (lacks(one, 'protect') && isProtected(one));
}

function remember(known: Cordon, one: Case): Draft {
  const drained = mergeDrained(known.drainedTargets ?? [], one.drain);
  const classic = [...new Set([...(known.drainedLoadBalancers ?? []), ...one.drainClassic])];
  return {
    ...known,
    ...(one.group && { group: one.group.name }),
    ...(isProtected(one) && { protectionRemoved: true }),
    ...(drained.length > 0 && { drainedTargets: drained }),
    ...(classic.length > 0 && { drainedLoadBalancers: classic }),
  };
}
