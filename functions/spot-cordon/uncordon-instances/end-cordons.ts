import { publishEvents } from '#shared/aws/eventbridge.ts';
import { removeRecords, updateRecords } from '#shared/aws/update-records.ts';
import { deleteCordonTags } from '../aws/ec2.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { type Severity, severities } from '../domain/disruption.ts';
import { deferAgain } from '../domain/merge-disruptions.ts';
import { uncordonedEvent } from '../messages/events.ts';
import { type ClaimedCordon, cordonIds } from './claimed-cordon.ts';
import { countUncordoned, logCordonedAgain, logUncordoned } from './log.ts';

/** The instance is on other hardware: its maintenance is over. */
const MOVED = ['running again', 'left its host'];

export async function deleteTags(claimed: readonly ClaimedCordon[], signal: AbortSignal): Promise<void> {
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

export async function publishUncordonedEvents(
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

export async function deleteUndoneRecords(
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
  countUncordoned(invocation, undone.length - changed.size - failures.size);
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
