import { updateRecords } from '#shared/aws/update-records.ts';
import { sendMail } from '#shared/mail.ts';
import type { CordonContext } from '../context.ts';
import { type CordonDraft, type CordonRecord, withOutcomes } from '../domain/cordon-record.ts';
import { cordonSummaryMail } from '../messages/mail.ts';
import { idsOf, recordFailure, recordsById, type WorkItem } from './work-item.ts';

/**
 * Writes the outcomes and, in the same write, claims the mail; then sends it. If the function dies in between, the mail
 * is lost: we send it at most once, because a second mail about a past disruption is worse than only a log line.
 */
export async function saveOutcomes(context: CordonContext, items: readonly WorkItem[]): Promise<void> {
  const byId = new Map(items.map((item) => [item.instanceId, item]));
  const claimed = new Set<WorkItem>();
  const { records, failures } = await updateRecords(
    context.table,
    [...byId.keys()],
    (known, id) => {
      const item = byId.get(id);
      if (item) claimed.delete(item);
      if (!known || !item || !isSameCordon(known, item.record)) return undefined;
      const claimsMail = known.steps.notify === undefined && item.outcomes.notify === undefined;
      if (claimsMail) claimed.add(item);
      return withOutcomesAndClaim(known, item, claimsMail);
    },
    recordsById(items),
  );
  for (const item of items) {
    item.record = records.get(item.instanceId) ?? item.record;
    if (failures.has(item.instanceId)) recordFailure([item], 'record', failures.get(item.instanceId));
  }
  const written = [...claimed].filter(({ instanceId }) => records.has(instanceId));
  await sendSummary(context, written);
}

function withOutcomesAndClaim(known: CordonRecord, item: WorkItem, claimsMail: boolean): CordonDraft {
  const outcomes = item.uncordonInProgress ? withoutUndoableSteps(item.outcomes) : item.outcomes;
  const draft = withOutcomes(known, { ...outcomes, ...(claimsMail && { notify: 'claimed' }) });
  return item.group ? { ...draft, group: item.group.name } : draft;
}

/** UncordonInstances may still undo these steps or publish its event, so the next delivery must repeat them. */
function withoutUndoableSteps(outcomes: WorkItem['outcomes']): WorkItem['outcomes'] {
  const { tag: _tag, announce: _announce, protect: _protect, drain: _drain, ...rest } = outcomes;
  return rest;
}

/** Outcomes belong to the disruption they were achieved for. A worse one that came in between starts without them. */
function isSameCordon(a: CordonRecord, b: CordonRecord): boolean {
  const hasSameTimes = a.deadline === b.deadline && a.expiresAt === b.expiresAt;
  return a.severity === b.severity && a.status === b.status && hasSameTimes;
}

async function sendSummary(context: CordonContext, items: readonly WorkItem[]): Promise<void> {
  if (items.length === 0) return;
  const instanceIds = idsOf(items);
  const mail = cordonSummaryMail(items);
  const result = await sendMail(context.config.topicArn, mail, context.invocation, { instanceIds });
  if (result.outcome === 'sent') for (const item of items) item.outcomes.notify = 'sent';
  if (result.outcome !== 'refused') return;
  recordFailure(items, 'notify', result.error);
  const releaseClaim = (known: CordonRecord | undefined) => known && withoutClaim(known);
  await updateRecords(context.table, instanceIds, releaseClaim, recordsById(items));
}

function withoutClaim(known: CordonRecord): CordonDraft | undefined {
  if (known.steps.notify !== 'claimed') return undefined;
  const { notify: _notify, ...otherSteps } = known.steps;
  return { ...known, steps: otherSteps };
}
