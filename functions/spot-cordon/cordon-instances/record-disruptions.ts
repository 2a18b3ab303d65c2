import { readRecords } from '#shared/aws/records.ts';
import { type RecordUpdate, type UpdateResult, updateRecords } from '#shared/aws/update-records.ts';
import { RetryableError } from '#shared/errors.ts';
import { describeInstances } from '../aws/ec2.ts';
import type { Run } from '../context.ts';
import { activate, type Cordon, clear, type Draft, merge, steps } from '../domain/cordon-record.ts';
import type { Instance } from '../domain/instance.ts';
import { needsLook, outOfScope } from '../domain/scope.ts';
import type { Intake, Told } from './group-batch.ts';
import { reportDropped, reportDuplicate, reportWaiting } from './log.ts';
import { limitsMs } from './run-step.ts';
import { type Case, openCase } from './work-item.ts';

/** Cases to act on, and messages that could not be turned into one. */
export interface Opened {
  readonly cases: readonly Case[];
  readonly retry: readonly Again[];
}

export interface Again {
  readonly id: string;
  readonly error: unknown;
}

/** Writes what the batch adds to the records, and opens a case for each instance that has something left to do. */
export async function openCases(run: Run, intake: Intake): Promise<Opened> {
  const cleared = run.config.dryRun ? [] : await clearDangers(run, intake);
  const scoped = await keepInScope(run, intake);
  const opened = await recordDangers(run, scoped);
  return { cases: opened.cases, retry: [...cleared, ...scoped.retry, ...opened.retry] };
}

/** Maintenance that AWS has called off: the next sweep undoes what was done for it. */
async function clearDangers({ use, invocation }: Run, { cleared }: Intake): Promise<Again[]> {
  if (cleared.size === 0) return [];
  const { records, failures } = await updateRecords(use, [...cleared.keys()], (known, id) => {
    const at = cleared.get(id)?.eventTime;
    return known && at !== undefined ? clear(known, at) : undefined;
  });
  invocation.logger.info('maintenance was called off', { instanceIds: [...records.keys()] });
  return [...failures].flatMap(([id, error]) => again(cleared.get(id)?.messages ?? [], error));
}

interface Scoped {
  readonly told: ReadonlyMap<string, Told>;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly retry: readonly Again[];
}

/** Looks only at instances whose scope the event leaves open; all others are cordoned from the event alone. */
async function keepInScope({ config, invocation }: Run, { dangers, due }: Intake): Promise<Scoped> {
  const told = new Map([...due, ...dangers]);
  for (const [id, both] of due) if (dangers.has(id)) told.set(id, join(both, dangers.get(id)));
  const open = [...dangers].filter(([, { dangers }]) =>
    dangers.every((danger) => needsLook(danger, config.scope)),
  );
  if (open.length === 0) return { told, instances: new Map(), retry: [] };
  try {
    const ids = open.map(([id]) => id);
    const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(limitsMs.look)]);
    const instances = await describeInstances(ids, signal);
    for (const [id, { dangers }] of open) {
      const why = dangers[0] && outOfScope(dangers[0], config.scope, instances.get(id));
      if (!why) continue;
      told.delete(id);
      reportDropped(invocation, [{ instanceId: id, reason: `out of scope: ${why}` }]);
    }
    return { told, instances, retry: [] };
  } catch (error) {
    for (const [id] of open) told.delete(id);
    return { told, instances: new Map(), retry: open.flatMap(([, { messages }]) => again(messages, error)) };
  }
}

async function recordDangers(run: Run, { told, instances }: Scoped): Promise<Opened> {
  const ids = [...told.keys()];
  if (ids.length === 0) return { cases: [], retry: [] };
  const merges = new Map<string, Pick<Case, 'change' | 'contested'>>();
  const mutate: RecordUpdate<Cordon> = (known, id) => {
    const { record, change } = fold(known, told.get(id), run);
    merges.set(id, { change, contested: change === 'raised' && known?.status === 'releasing' });
    return change === 'none' ? undefined : record;
  };
  const { records, failures } = run.config.dryRun
    ? await pretend(run, ids, mutate)
    : await updateRecords(run.use, ids, mutate);
  const cases: Case[] = [];
  const retry: Again[] = [];
  for (const [id, record] of records) {
    const messages = told.get(id)?.messages ?? [];
    const about = { messages, ...(merges.get(id) ?? { change: 'none', contested: false }) };
    // What is told now would be forgotten with the record.
    if (record?.status === 'releasing')
      retry.push(...again(messages, new RetryableError('is being released')));
    else if (record?.status !== 'cordoned') reportWaiting(run.invocation, id, record);
    else if (steps.every((step) => record.steps[step] !== undefined)) reportDuplicate(run.invocation, record);
    else cases.push(openCase(record, about, instances.get(id)));
  }
  for (const [id, error] of failures) retry.push(...again(told.get(id)?.messages ?? [], error));
  return { cases, retry };
}

/** All that a batch says of one instance, in the order in which it happened. */
function fold(known: Cordon | undefined, told: Told | undefined, { config, invocation }: Run): Folded {
  const now = invocation.now();
  if (known?.status === 'deferred' && told?.dangers.length === 0 && (known.dueAt ?? 0) <= now) {
    return { record: activate(known), change: 'new' };
  }
  let folded: Folded = { record: known, change: 'none' };
  for (const danger of told?.dangers ?? []) {
    const merged = merge(folded.record, danger, config.scheduledLeadMs, now);
    const keeps = merged.change === 'none' || folded.change === 'new';
    folded = { record: merged.record, change: keeps ? folded.change : merged.change };
  }
  return folded;
}

interface Folded {
  readonly record: Draft | undefined;
  readonly change: Case['change'];
}

/** In a dry run: what the records would be. */
async function pretend(
  { use }: Run,
  ids: readonly string[],
  mutate: RecordUpdate<Cordon>,
): Promise<UpdateResult<Cordon>> {
  const known = await readRecords(use, ids);
  const planned = ids.map((id): [string, Cordon | undefined] => {
    const draft = mutate(known.get(id), id);
    return [id, draft ? { ...draft, revision: 'dry-run' } : known.get(id)];
  });
  return { records: new Map(planned), failures: new Map() };
}

function join(a: Told, b: Told | undefined): Told {
  return {
    messages: [...a.messages, ...(b?.messages ?? [])],
    dangers: [...a.dangers, ...(b?.dangers ?? [])],
  };
}

function again(messages: readonly string[], error: unknown): Again[] {
  return messages.map((id) => ({ id, error }));
}
