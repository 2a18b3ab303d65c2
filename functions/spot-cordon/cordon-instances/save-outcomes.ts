import { sendMessages } from '#shared/aws/sqs.ts';
import { updateRecords } from '#shared/aws/update-records.ts';
import type { CordonContext } from '../context.ts';
import { type CordonDraft, type CordonRecord, withOutcomes } from '../domain/cordon-record.ts';
import { mailDueEvent } from '../messages/events.ts';
import { recordFailure, recordsById, type WorkItem, withPendingStep } from './work-item.ts';

/** The outcomes are written by then, and the warnings of one storm have arrived: they share a mail. */
const MAIL_DELAY_SECONDS = 10;

/** Queues the mails and writes the outcomes. */
export async function saveOutcomes(context: CordonContext, items: readonly WorkItem[]): Promise<void> {
  await queueMails(context, items);
  const byId = new Map(items.map((item) => [item.instanceId, item]));
  const { records, failures } = await updateRecords(
    context.table,
    [...byId.keys()],
    (known, id) => {
      const item = byId.get(id);
      if (!known || !item || !isSameCordon(known, item.record)) return undefined;
      return withItemOutcomes(known, item);
    },
    recordsById(items),
  );
  for (const item of items) {
    item.record = records.get(item.instanceId) ?? item.record;
    if (failures.has(item.instanceId)) recordFailure([item], 'record', failures.get(item.instanceId));
  }
}

/** A batch of warnings is small and a storm has many batches, so the advisory queue collects what one mail says. */
async function queueMails({ config, invocation }: CordonContext, all: readonly WorkItem[]): Promise<void> {
  const items = withPendingStep(all, 'notify');
  if (items.length === 0) return;
  const about = { region: config.region, now: invocation.now() };
  const messages = items.map(({ instanceId, remarks }) => ({
    body: mailDueEvent(instanceId, remarks, about),
    delaySeconds: MAIL_DELAY_SECONDS,
  }));
  const errors = await sendMessages(config.advisoryQueueUrl, messages, invocation.signal);
  items.forEach((item, i) => {
    if (errors[i] === undefined) item.outcomes.notify = 'queued';
    else recordFailure([item], 'notify', errors[i]);
  });
}

function withItemOutcomes(known: CordonRecord, item: WorkItem): CordonDraft {
  const outcomes = item.uncordonInProgress ? withoutUndoableSteps(item.outcomes) : item.outcomes;
  // The mail may have been sent meanwhile.
  const notify = known.steps.notify ?? outcomes.notify;
  const draft = withOutcomes(known, { ...outcomes, ...(notify !== undefined && { notify }) });
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
