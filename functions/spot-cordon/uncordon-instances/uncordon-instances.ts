import { sendMessages } from '#shared/aws/sqs.ts';
import { removeRecords } from '#shared/aws/update-records.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { UncordonConfig } from '../config.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import type { UncordonDecision } from '../domain/uncordon-decision.ts';
import { dueEvent } from '../messages/events.ts';
import { claimCordons, lostClaims } from './claim-cordons.ts';
import { type DueCordon, type InstanceFailure, runStep, withoutFailure } from './claimed-cordon.ts';
import { type DecidedRecord, decideCordons } from './decide-cordons.ts';
import { deleteTags, deleteUndoneRecords, publishUncordonedEvents } from './end-cordons.ts';
import type { TriggerEvent } from './event.ts';
import { handleOverdue, type OverdueInstance } from './handle-overdue.ts';
import { logDeleted, logDryRun, logRequeued } from './log.ts';
import { noteLaunchFailures } from './note-launch-failures.ts';
import { noteProtectionChanges } from './note-protection-changes.ts';
import { restoreService } from './restore-service.ts';

/**
 * Undoes cordons whose disruption is over and deletes the records of terminated instances. The sweep reads all records,
 * a state change only the record of its instance. What fails stays in the table for the next sweep.
 */
export async function uncordonInstances(
  messages: readonly QueueMessage<TriggerEvent>[],
  config: UncordonConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const table = { table: config.table, key: 'instanceId', signal: invocation.signal } as const;
  const context: UncordonContext = { config, invocation, table };
  // First: a record of a terminated instance is deleted below.
  const unreported = await noteLaunchFailures(context, messages);
  const unnoted = await noteProtectionChanges(context, messages);
  const decided = await decideCordons(context, messages);
  if (config.dryRun) return planOnly(context, decided);
  const { retry, response } = await applyDecisions(context, decided);
  return { retry: [...retry, ...unreported, ...unnoted], response };
}

async function applyDecisions(
  context: UncordonContext,
  decided: readonly DecidedRecord[],
): Promise<BatchResult> {
  const failed = [
    ...(await undoCordons(context, dueCordons(decided))),
    ...(await deleteRecords(context, recordsWith(decided, 'delete'))),
    ...(await requeueDue(context, recordsWith(decided, 'requeue'))),
  ];
  failed.push(...(await handleOverdue(context, overdueInstances(decided))));
  const messageIds = new Map(decided.map((one) => [one.record.instanceId, one.messageIds]));
  const retry = failed.flatMap(({ instanceId, error }) =>
    (messageIds.get(instanceId) ?? []).map((id) => ({ id, error })),
  );
  const byKind = Map.groupBy(decided, ({ decision }) => decision.kind);
  const response = Object.fromEntries(
    [...byKind].map(([kind, some]) => [kind, some.map(({ record }) => record.instanceId)]),
  );
  return { retry, response };
}

/**
 * Undoes cordons: claims the records, restores targets and protection, deletes the tags, publishes events and deletes
 * the records. Every step is safe to repeat. If the function dies, the sweep finishes the work.
 */
async function undoCordons(
  context: UncordonContext,
  due: readonly DueCordon[],
): Promise<readonly InstanceFailure[]> {
  if (due.length === 0) return [];
  const claimed = await claimCordons(context, due);
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

async function deleteRecords(
  { invocation, table }: UncordonContext,
  records: readonly CordonRecord[],
): Promise<readonly InstanceFailure[]> {
  if (records.length === 0) return [];
  const { changed, failures } = await removeRecords(table, records);
  // Records that changed in between are no failure: the next sweep decides again.
  const kept = new Set([...changed, ...failures.keys()]);
  logDeleted(
    invocation,
    records.filter(({ instanceId }) => !kept.has(instanceId)),
  );
  return [...failures].map(([instanceId, error]) => ({ instanceId, error }));
}

async function requeueDue(
  { config, invocation }: UncordonContext,
  records: readonly CordonRecord[],
): Promise<readonly InstanceFailure[]> {
  if (records.length === 0) return [];
  const messages = records.map(({ instanceId }) => ({
    body: dueEvent(instanceId, config.region, invocation.now()),
  }));
  const errors = await sendMessages(config.advisoryQueueUrl, messages, invocation.signal);
  logRequeued(
    invocation,
    records.filter((_, i) => errors[i] === undefined),
  );
  return records.flatMap(({ instanceId }, i) =>
    errors[i] === undefined ? [] : [{ instanceId, error: errors[i] }],
  );
}

function planOnly({ invocation }: UncordonContext, decided: readonly DecidedRecord[]): BatchResult {
  for (const { record, decision } of decided) logDryRun(invocation, record, decision);
  const response = decided.map(({ record, decision }) => ({ instanceId: record.instanceId, ...decision }));
  return { retry: [], response };
}

function recordsWith(decided: readonly DecidedRecord[], kind: UncordonDecision['kind']): CordonRecord[] {
  return decided.filter(({ decision }) => decision.kind === kind).map(({ record }) => record);
}

function overdueInstances(decided: readonly DecidedRecord[]): OverdueInstance[] {
  return decided.flatMap(({ record, decision }) =>
    decision.kind === 'overdue' ? [{ ...decision, record }] : [],
  );
}

function dueCordons(decided: readonly DecidedRecord[]): DueCordon[] {
  return decided.flatMap(({ record, decision }) =>
    decision.kind === 'uncordon' ? [{ record, why: decision.reason }] : [],
  );
}
