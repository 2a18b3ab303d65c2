import { readRecords, scanRecords } from '#shared/aws/records.ts';
import { sendMessages } from '#shared/aws/sqs.ts';
import { removeRecords } from '#shared/aws/update-records.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { describeInstances } from '../aws/ec2.ts';
import type { UncordonConfig } from '../config.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { decideAtStateChange, decideAtSweep, type UncordonDecision } from '../domain/uncordon-decision.ts';
import { dueEvent } from '../messages/events.ts';
import type { InstanceFailure } from './claimed-cordon.ts';
import type { StateChange, TriggerEvent } from './event.ts';
import { handleOverdue, type OverdueInstance } from './handle-overdue.ts';
import { logDeleted, logDryRun, logRequeued } from './log.ts';
import { noteLaunchFailures } from './note-launch-failures.ts';
import { noteProtectionChanges } from './note-protection-changes.ts';
import { undoCordons } from './undo-cordons.ts';

/** A record, what to do with it, and the messages that led to this decision. */
interface DecidedRecord {
  readonly record: CordonRecord;
  readonly decision: UncordonDecision;
  readonly messageIds: readonly string[];
}

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
  const changes = messages.flatMap(({ id, message }) =>
    message.kind === 'state-change' ? [{ ...message, id }] : [],
  );
  const sweep = messages.find(({ message }) => message.kind === 'sweep');
  // First: a record of a terminated instance is deleted below.
  const unreported = await noteLaunchFailures(context, messages);
  const unnoted = await noteProtectionChanges(context, messages);
  const decided = [
    ...(sweep ? await decideAll(context, sweep.id) : []),
    ...(changes.length > 0 ? await decideChanged(context, changes) : []),
  ];
  if (config.dryRun) return planOnly(context, decided);
  const { retry, response } = await applyDecisions(context, decided);
  return { retry: [...retry, ...unreported, ...unnoted], response };
}

async function decideAll(
  { invocation, table }: UncordonContext,
  messageId: string,
): Promise<DecidedRecord[]> {
  const records = await scanRecords(table);
  if (records.length === 0) return [];
  const ids = records.map(({ instanceId }) => instanceId);
  const instances = await describeInstances(ids, invocation.signal);
  return records.map((record) => ({
    record,
    decision: decideAtSweep(record, instances.get(record.instanceId), invocation.now()),
    messageIds: [messageId],
  }));
}

/** Most state changes are of instances without a cordon, so one read checks a hundred of them. */
async function decideChanged(
  { table }: UncordonContext,
  changes: readonly (StateChange & { readonly id: string })[],
): Promise<DecidedRecord[]> {
  const byInstance = Map.groupBy(changes, ({ instanceId }) => instanceId);
  const records = await readRecords(table, [...byInstance.keys()]);
  return [...records.values()].map((record) => {
    const own = byInstance.get(record.instanceId) ?? [];
    const decisions = own.map(({ state, eventTime }) => decideAtStateChange(record, state, eventTime));
    // A terminated instance never runs again, whatever the order of the events.
    const decision =
      decisions.find(({ kind }) => kind === 'delete') ?? decisions.find(({ kind }) => kind === 'uncordon');
    const messageIds = own.map(({ id }) => id);
    return { record, decision: decision ?? { kind: 'keep' }, messageIds };
  });
}

async function applyDecisions(
  context: UncordonContext,
  decided: readonly DecidedRecord[],
): Promise<BatchResult> {
  const failed = [
    ...(await uncordonDue(context, decided)),
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

async function uncordonDue(
  context: UncordonContext,
  decided: readonly DecidedRecord[],
): Promise<readonly InstanceFailure[]> {
  const due = decided.flatMap(({ record, decision }) =>
    decision.kind === 'uncordon' ? [{ record, why: decision.reason }] : [],
  );
  return due.length === 0 ? [] : undoCordons(context, due);
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
