import { type RecordUpdate, updateRecords } from '#shared/aws/update-records.ts';
import type { Run } from '../context.ts';
import type { Cordon, Draft } from '../domain/cordon-record.ts';
import { mergeDrained } from '../domain/drain-targets.ts';
import { isProtected } from './steps/replace.ts';
import { type Case, fail, knownOf, lacks } from './work-item.ts';

/** What cannot be written down is not taken; the others go on. */
export async function recordRemovals({ use }: Run, all: readonly Case[]): Promise<void> {
  const cases = all.filter(takes);
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
