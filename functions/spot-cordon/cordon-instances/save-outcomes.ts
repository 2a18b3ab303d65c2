import { updateRecords } from '#shared/aws/update-records.ts';
import type { CordonContext } from '../context.ts';
import { type CordonDraft, type CordonRecord, withOutcomes } from '../domain/cordon-record.ts';
import { isHeld, recordFailure, recordsById, type WorkItem } from './work-item.ts';

/** Writes what was done into the records. MailCordons reads it there. */
export async function saveOutcomes(context: CordonContext, items: readonly WorkItem[]): Promise<void> {
  const byId = new Map(items.map((item) => [item.instanceId, item]));
  const { records, failures } = await updateRecords(
    context.table,
    [...byId.keys()],
    (known, id) => {
      const item = byId.get(id);
      if (!known || !item || !isSameCordon(known, item.record)) return undefined;
      return withItemOutcomes(known, item, context.invocation.now());
    },
    recordsById(items),
  );
  for (const item of items) {
    item.record = records.get(item.instanceId) ?? item.record;
    if (failures.has(item.instanceId)) recordFailure([item], 'record', failures.get(item.instanceId));
  }
}

function withItemOutcomes(known: CordonRecord, item: WorkItem, now: number): CordonDraft {
  const outcomes = item.uncordonInProgress ? withoutUndoableSteps(item.outcomes) : item.outcomes;
  const { drainHeldSince = now, ...rest } = known;
  const remarks = [...new Set([...(known.remarks ?? []), ...item.remarks])];
  return {
    ...withOutcomes(rest, outcomes),
    ...(remarks.length > 0 && { remarks }),
    ...(item.group && { group: item.group.name }),
    ...(isHeld(item) && { drainHeldSince }),
  };
}

/** UncordonInstances may still undo these steps or publish its event, so the next delivery must repeat them. */
function withoutUndoableSteps(outcomes: WorkItem['outcomes']): WorkItem['outcomes'] {
  const { tag: _tag, publish: _publish, protect: _protect, drain: _drain, ...rest } = outcomes;
  return rest;
}

/** Outcomes belong to the disruption they were achieved for. A worse one that came in between starts without them. */
function isSameCordon(a: CordonRecord, b: CordonRecord): boolean {
  const hasSameTimes = a.deadline === b.deadline && a.expiresAt === b.expiresAt;
  return a.severity === b.severity && a.status === b.status && hasSameTimes;
}
