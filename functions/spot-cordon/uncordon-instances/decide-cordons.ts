import { readRecords, scanRecords } from '#shared/aws/records.ts';
import type { QueueMessage } from '#shared/handlers/queue.ts';
import { describeInstances } from '../aws/ec2.ts';
import type { UncordonContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { decideAtStateChange, decideAtSweep, type UncordonDecision } from '../domain/uncordon-decision.ts';
import type { StateChange, TriggerEvent } from './event.ts';

/** A record, what to do with it, and the messages that led to this decision. */
export interface DecidedRecord {
  readonly record: CordonRecord;
  readonly decision: UncordonDecision;
  readonly messageIds: readonly string[];
}

/** Decides about all records in a sweep, otherwise about those of the instances that changed. */
export async function decideCordons(
  context: UncordonContext,
  messages: readonly QueueMessage<TriggerEvent>[],
): Promise<DecidedRecord[]> {
  const changes = messages.flatMap(({ id, message }) =>
    message.kind === 'state-change' ? [{ ...message, id }] : [],
  );
  const sweep = messages.find(({ message }) => message.kind === 'sweep');
  return [
    ...(sweep ? await decideAll(context, sweep.id) : []),
    ...(changes.length > 0 ? await decideChanged(context, changes) : []),
  ];
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
