import { publishEvents } from '#shared/aws/eventbridge.ts';
import { removeRecords, updateRecords } from '#shared/aws/update-records.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { RetryableError } from '#shared/errors.ts';
import { addCount } from '#shared/metrics.ts';
import { describeGroups, setScaleInProtection } from '../aws/auto-scaling.ts';
import { deleteCordonTags } from '../aws/ec2.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { type Severity, severities } from '../domain/disruption.ts';
import { deferAgain } from '../domain/merge-disruptions.ts';
import { mayRestoreProtection } from '../domain/protection.ts';
import { outOfServiceReason } from '../domain/restore-targets.ts';
import { uncordonedEvent } from '../messages/events.ts';
import {
  type ClaimedCordon,
  cordonIds,
  type DueCordon,
  type InstanceFailure,
  recordFailure,
} from './claimed-cordon.ts';
import { logCordonedAgain, logUncordoned } from './log.ts';
import { type GroupsByName, restoreClassicRegistrations, restoreTargets } from './restore-registrations.ts';

/** The instance is on other hardware: its maintenance is over. */
const MOVED = ['running again', 'left its host'];

const CHANGES_AT_ONCE = 4;

/**
 * Undoes cordons: claims the records, restores targets and protection, deletes the tags, publishes events and deletes
 * the records. Every step is safe to repeat. If the function dies, the sweep finishes the work.
 */
export async function undoCordons(
  context: UncordonContext,
  due: readonly DueCordon[],
): Promise<readonly InstanceFailure[]> {
  const claimed = await claimRecords(context, due);
  const { signal } = context.invocation;
  await runStep(claimed, (some) => restoreService(context, some));
  // The tags are deleted last: schedulers must see the cordon until the instance is fully back in service.
  await runStep(withoutFailure(claimed), (some) => deleteTags(some, signal));
  await runStep(withoutFailure(claimed), (some) => publishUncordonedEvents(some, signal));
  await deleteUndoneRecords(context, withoutFailure(claimed));
  const failed = claimed.flatMap(({ record, failure }) =>
    failure === undefined ? [] : [{ instanceId: record.instanceId, error: failure }],
  );
  return [...failed, ...lostClaims(due, claimed)];
}

/** Claims only records that nobody has changed since we decided. The claim lets a new disruption take a record back. */
async function claimRecords(
  { invocation, table }: UncordonContext,
  due: readonly DueCordon[],
): Promise<ClaimedCordon[]> {
  const dueById = new Map(due.map((one) => [one.record.instanceId, one]));
  const won = new Set<string>();
  const { records } = await updateRecords<CordonRecord>(
    table,
    [...dueById.keys()],
    (known, id) => {
      won.delete(id);
      if (!known || known.revision !== dueById.get(id)?.record.revision) return undefined;
      won.add(id);
      return { ...known, status: 'uncordoning', uncordoningSince: invocation.now() };
    },
    new Map(due.map(({ record }) => [record.instanceId, record])),
  );
  const written = [...records.values()].filter((record) => record !== undefined);
  return written
    .filter(({ instanceId }) => won.has(instanceId))
    .map((record) => ({ record, why: dueById.get(record.instanceId)?.why ?? '' }));
}

/** Another write came first. The next delivery of the message decides again. */
function lostClaims(due: readonly DueCordon[], claimed: readonly ClaimedCordon[]): InstanceFailure[] {
  const claimedIds = new Set(idsOf(claimed));
  return due
    .filter(({ record }) => !claimedIds.has(record.instanceId))
    .map(({ record: { instanceId } }) => ({
      instanceId,
      error: new RetryableError(`${instanceId}: its record changed before the cordon could be undone`),
    }));
}

/** Puts the instances back where they still belong. */
async function restoreService(context: UncordonContext, claimed: readonly ClaimedCordon[]): Promise<void> {
  const { signal } = context.invocation;
  const names = claimed.filter(hasLeftovers).flatMap(({ record }) => record.group ?? []);
  const groups = names.length === 0 ? new Map() : await describeGroups(names, signal);
  await Promise.all([
    runStep(claimed, (some) => restoreTargets(context, some, groups)),
    runStep(claimed, (some) => restoreClassicRegistrations(context, some, groups)),
    runStep(claimed, (some) => restoreProtection(some, groups, signal)),
  ]);
}

function hasLeftovers({ record }: ClaimedCordon): boolean {
  const { drainedTargets = [], drainedLoadBalancers = [] } = record;
  return drainedTargets.length + drainedLoadBalancers.length > 0 || mayRestoreProtection(record);
}

/** Sets protection again only if nobody touched it since, and the instance is in service in the group of then. */
async function restoreProtection(
  claimed: readonly ClaimedCordon[],
  groups: GroupsByName,
  signal: AbortSignal,
): Promise<void> {
  const unprotected = claimed.flatMap((cordon) => {
    const { group } = cordon.record;
    return mayRestoreProtection(cordon.record) && group !== undefined ? [{ cordon, group }] : [];
  });
  await forEachIsolated(
    Map.groupBy(unprotected, ({ group }) => group),
    CHANGES_AT_ONCE,
    async ([name, some]) => {
      const inService = some.filter(
        ({ cordon: { record } }) => !outOfServiceReason(record, groups.get(name)),
      );
      if (inService.length > 0) await setScaleInProtection(name, cordonIds(inService), true, signal);
    },
    ([, some], error) => recordFailure(some, error),
  );
}

async function deleteTags(claimed: readonly ClaimedCordon[], signal: AbortSignal): Promise<void> {
  const tags = claimed.flatMap((cordon) =>
    tagsToDelete(cordon.record).map((severity) => ({ cordon, severity })),
  );
  for (const [severity, some] of Map.groupBy(tags, (tag) => tag.severity)) {
    await deleteCordonTags(cordonIds(some), severity, signal);
  }
}

/** If the instance never got the tag of its present severity, it may still have the tag of a lower one. */
function tagsToDelete({ severity, steps }: CordonRecord): readonly Severity[] {
  return steps.tag === undefined ? severities.slice(0, severities.indexOf(severity) + 1) : [severity];
}

async function publishUncordonedEvents(
  claimed: readonly ClaimedCordon[],
  signal: AbortSignal,
): Promise<void> {
  const errors = await publishEvents(
    claimed.map(({ record, why }) => uncordonedEvent(record, why)),
    signal,
  );
  claimed.forEach((cordon, i) => {
    if (errors[i]) cordon.failure = errors[i];
  });
}

async function deleteUndoneRecords(
  { invocation, table }: UncordonContext,
  undone: readonly ClaimedCordon[],
): Promise<void> {
  if (undone.length === 0) return;
  const { changed, failures } = await deferOrRemove(table, undone, invocation.now());
  for (const cordon of undone) {
    const { record, why } = cordon;
    // The record stays `uncordoning`, so the sweep undoes it once more.
    if (failures.has(record.instanceId)) cordon.failure = failures.get(record.instanceId);
    else if (changed.has(record.instanceId)) logCordonedAgain(invocation, record, why);
    else logUncordoned(invocation, record, why);
  }
  addCount(invocation.metrics, 'Uncordoned', undone.length - changed.size - failures.size);
}

interface EndedRecords {
  /** The instances whose record somebody changed in between. */
  readonly changed: ReadonlySet<string>;
  readonly failures: ReadonlyMap<string, unknown>;
}

/** Maintenance that moved to a later date waits for its lead time again. */
async function deferOrRemove(
  table: UncordonContext['table'],
  undone: readonly ClaimedCordon[],
  now: number,
): Promise<EndedRecords> {
  const next = new Map(
    undone.map(({ record, why }) => [record, MOVED.includes(why) ? undefined : deferAgain(record, now)]),
  );
  const deferred = [...next].flatMap(([record, draft]) => (draft ? [{ record, draft }] : []));
  const overtaken: string[] = [];
  const written = await updateRecords<CordonRecord>(
    table,
    deferred.map(({ record }) => record.instanceId),
    (known, id) => {
      const one = deferred.find(({ record }) => record.instanceId === id);
      if (one && known?.revision === one.record.revision) return one.draft;
      if (known?.status !== 'deferred') overtaken.push(id);
      return undefined;
    },
    new Map(deferred.map(({ record }) => [record.instanceId, record])),
  );
  const gone = undone.map(({ record }) => record).filter((record) => !next.get(record));
  const removed = await removeRecords(table, gone);
  return {
    changed: new Set([...removed.changed, ...overtaken]),
    failures: new Map([...written.failures, ...removed.failures]),
  };
}

/** Runs one step for several cordons. If it throws, it failed for all of them, and the sweep tries again. */
async function runStep(
  claimed: readonly ClaimedCordon[],
  work: (some: readonly ClaimedCordon[]) => Promise<void>,
): Promise<void> {
  if (claimed.length === 0) return;
  try {
    await work(claimed);
  } catch (error) {
    for (const cordon of claimed) cordon.failure = error;
  }
}

function withoutFailure(claimed: readonly ClaimedCordon[]): ClaimedCordon[] {
  return claimed.filter(({ failure }) => failure === undefined);
}

function idsOf(claimed: readonly ClaimedCordon[]): string[] {
  return claimed.map(({ record }) => record.instanceId);
}
