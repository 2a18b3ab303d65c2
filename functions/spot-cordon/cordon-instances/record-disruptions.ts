import { readRecords } from '#shared/aws/records.ts';
import { type RecordUpdate, type UpdateResult, updateRecords } from '#shared/aws/update-records.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { describeInstances } from '../aws/ec2.ts';
import type { CordonContext } from '../context.ts';
import { type CordonDraft, type CordonRecord, cordonSteps, hasExpired } from '../domain/cordon-record.ts';
import type { Instance } from '../domain/instance.ts';
import { cancelMaintenance, mergeDisruptions } from '../domain/merge-disruptions.ts';
import { outOfScopeReason, shouldDescribeFirst } from '../domain/scope.ts';
import type { GroupedBatch, InstanceMessages } from './group-batch.ts';
import { logDeferred, logDropped, logDuplicate, logEnding } from './log.ts';
import { stepTimeoutMs } from './run-step.ts';
import { createWorkItem, type WorkItem } from './work-item.ts';

/** The instances to act on, and the messages that must be delivered again. */
export interface CreatedWorkItems {
  readonly items: readonly WorkItem[];
  readonly retry: readonly RetriedMessage[];
}

interface RetriedMessage {
  readonly id: string;
  readonly error: unknown;
}

/** Writes the batch into the records and creates a work item for each instance that has a pending step. */
export async function createWorkItems(
  context: CordonContext,
  batch: GroupedBatch,
): Promise<CreatedWorkItems> {
  const cancelled = context.config.dryRun ? [] : await recordCancellations(context, batch);
  const inScope = await removeOutOfScope(context, batch);
  const created = await recordDisruptions(context, inScope);
  return { items: created.items, retry: [...cancelled, ...inScope.retry, ...created.retry] };
}

/** AWS cancelled this maintenance. The next sweep undoes its cordon. */
async function recordCancellations(
  { config, table, invocation }: CordonContext,
  { cancellations }: GroupedBatch,
): Promise<RetriedMessage[]> {
  if (cancellations.size === 0) return [];
  const { records, failures } = await updateRecords(table, [...cancellations.keys()], (known, id) => {
    const options = { leadMs: config.scheduledLeadMs, now: invocation.now() };
    let cancelled: CordonDraft | undefined;
    for (const closed of cancellations.get(id)?.closed ?? []) {
      const before = cancelled ?? known;
      cancelled = (before && cancelMaintenance(before, closed, options)) ?? cancelled;
    }
    return cancelled;
  });
  invocation.logger.info('maintenance cancelled by AWS', { instanceIds: [...records.keys()] });
  return [...failures].flatMap(([id, error]) => retryAll(cancellations.get(id)?.messageIds, error));
}

interface InScope {
  readonly messages: ReadonlyMap<string, InstanceMessages>;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly retry: readonly RetriedMessage[];
}

/** Describes only the instances whose event does not decide the scope. All others are cordoned without asking EC2. */
async function removeOutOfScope(
  { config, invocation }: CordonContext,
  { disruptions, due }: GroupedBatch,
): Promise<InScope> {
  const messages = new Map([...due, ...disruptions]);
  for (const [id, both] of due)
    if (disruptions.has(id)) messages.set(id, joinMessages(both, disruptions.get(id)));
  const undecided = [...disruptions].filter(([, { disruptions: all }]) =>
    all.every((disruption) => shouldDescribeFirst(disruption, config.scope)),
  );
  if (undecided.length === 0) return { messages, instances: new Map(), retry: [] };
  try {
    const ids = undecided.map(([id]) => id);
    const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(stepTimeoutMs.describe)]);
    const instances = await describeInstances(ids, signal);
    for (const [id, { disruptions: all }] of undecided) {
      const reason = all[0] && outOfScopeReason(all[0], config.scope, instances.get(id));
      if (!reason) continue;
      messages.delete(id);
      logDropped(invocation, [{ instanceId: id, reason: `out of scope: ${reason}` }]);
    }
    return { messages, instances, retry: [] };
  } catch (error) {
    for (const [id] of undecided) messages.delete(id);
    const retry = undecided.flatMap(([, { messageIds }]) => retryAll(messageIds, error));
    return { messages, instances: new Map(), retry };
  }
}

async function recordDisruptions(context: CordonContext, inScope: InScope): Promise<CreatedWorkItems> {
  const { config, invocation, table } = context;
  const { messages, instances } = inScope;
  const ids = [...messages.keys()];
  if (ids.length === 0) return { items: [], retry: [] };
  const merges = new Map<string, Pick<WorkItem, 'change' | 'uncordonInProgress'>>();
  const update: RecordUpdate<CordonRecord> = (known, id) => {
    const options = { leadMs: config.scheduledLeadMs, now: invocation.now() };
    const { record, change } = mergeDisruptions(known, messages.get(id)?.disruptions ?? [], options);
    merges.set(id, { change, uncordonInProgress: change === 'raised' && known?.status === 'uncordoning' });
    return change === 'none' ? undefined : record;
  };
  const { records, failures } = config.dryRun
    ? await planRecords(context, ids, update)
    : await updateRecords(table, ids, update);
  const items: WorkItem[] = [];
  const retry: RetriedMessage[] = [];
  for (const [id, record] of records) {
    const messageIds = messages.get(id)?.messageIds ?? [];
    const about = { messageIds, ...(merges.get(id) ?? { change: 'none', uncordonInProgress: false }) };
    // UncordonInstances will delete this record, and what we write now would be lost with it.
    if (record?.status === 'uncordoning') retry.push(...retryAll(messageIds, uncordoningError()));
    else if (hasPendingSteps(invocation, id, record))
      items.push(createWorkItem(record, about, instances.get(id)));
  }
  for (const [id, error] of failures) retry.push(...retryAll(messages.get(id)?.messageIds, error));
  return { items, retry };
}

/** Logs why there is nothing to do. */
function hasPendingSteps(
  invocation: Invocation,
  id: string,
  record: CordonRecord | undefined,
): record is CordonRecord {
  if (record?.status !== 'cordoned') logDeferred(invocation, id, record);
  else if (hasExpired(record, invocation.now())) logEnding(invocation, record);
  else if (hasAllSteps(record)) logDuplicate(invocation, record);
  else return true;
  return false;
}

/** MailCordons does the step `notify`. */
function hasAllSteps(record: CordonRecord): boolean {
  return cordonSteps.every((step) => step === 'notify' || record.steps[step] !== undefined);
}

/** Without the instance's id: the handler logs one line per text, not one per message. */
function uncordoningError(): RetryableError {
  return new RetryableError('the cordon of this instance is being undone: waiting until that is finished');
}

/** For a dry run: the records as they would be written. */
async function planRecords(
  { table }: CordonContext,
  ids: readonly string[],
  update: RecordUpdate<CordonRecord>,
): Promise<UpdateResult<CordonRecord>> {
  const known = await readRecords(table, ids);
  const planned = ids.map((id): [string, CordonRecord | undefined] => {
    const draft = update(known.get(id), id);
    return [id, draft ? { ...draft, revision: 'dry-run' } : known.get(id)];
  });
  return { records: new Map(planned), failures: new Map() };
}

function joinMessages(a: InstanceMessages, b: InstanceMessages | undefined): InstanceMessages {
  return {
    messageIds: [...a.messageIds, ...(b?.messageIds ?? [])],
    disruptions: [...a.disruptions, ...(b?.disruptions ?? [])],
  };
}

function retryAll(messageIds: readonly string[] = [], error: unknown): RetriedMessage[] {
  return messageIds.map((id) => ({ id, error }));
}
