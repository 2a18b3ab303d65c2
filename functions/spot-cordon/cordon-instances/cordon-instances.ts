import { RetryableError } from '#shared/errors.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { CordonConfig } from '../config.ts';
import type { CordonContext } from '../context.ts';
import { logFields } from '../messages/log.ts';
import { countPools } from './count-pools.ts';
import type { WarningEvent } from './event.ts';
import { groupBatchByInstance } from './group-batch.ts';
import { countCordoned, logCordoned, logDropped, logDryRun } from './log.ts';
import { endHolds, recheckHeld } from './recheck-held.ts';
import { type CreatedWorkItems, createWorkItems } from './record-disruptions.ts';
import { recordRemovals } from './record-removals.ts';
import { resolveHosts } from './resolve-hosts.ts';
import { runStep } from './run-step.ts';
import { saveOutcomes } from './save-outcomes.ts';
import { completeTerminatedInstances, describeInstancesAndGroups } from './steps/describe.ts';
import { deregisterInstances, findRegistrations } from './steps/drain.ts';
import { holdDrainsAboveFloor } from './steps/hold-drains.ts';
import { publishCordonedEvents } from './steps/publish.ts';
import { orderReplacements, planReplacements, removeProtection } from './steps/replace.ts';
import { tagInstances } from './steps/tag.ts';
import type { WorkItem } from './work-item.ts';

/**
 * Cordons every instance in the batch. Writes the records first, then runs the steps in parallel where possible. A
 * failing step does not stop the others; SQS delivers its messages again until the notice is over.
 */
export async function cordonInstances(
  messages: readonly QueueMessage<WarningEvent>[],
  config: CordonConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const table = { table: config.table, key: 'instanceId', signal: invocation.signal } as const;
  const context: CordonContext = { config, invocation, table };
  const received = await resolveHosts(context, messages);
  const batch = groupBatchByInstance(received.messages, invocation.now());
  logDropped(invocation, batch.dropped);
  const created = await createWorkItems(context, batch);
  if (config.dryRun) await planOnly(context, created.items);
  else if (created.items.length > 0) await processWorkItems(context, created.items);
  return toBatchResult(context, { ...created, retry: [...received.retry, ...created.retry] });
}

async function processWorkItems(context: CordonContext, items: readonly WorkItem[]): Promise<void> {
  await Promise.all([
    runStep(context, { step: 'tag', timeout: 'tag', items }, tagInstances),
    runStep(context, { step: 'describe', timeout: 'describe', items }, describeInstancesAndGroups),
  ]);
  completeTerminatedInstances(items);
  await Promise.all([
    runStep(context, { step: 'publish', timeout: 'publish', items }, publishCordonedEvents),
    planRemovals(context, items).then((described) => removeFromService(context, described)),
  ]);
  await recheckHeld(context, items);
  await saveOutcomes(context, items);
}

/** For a dry run: only reads, and logs what would be done. */
async function planOnly(context: CordonContext, items: readonly WorkItem[]): Promise<void> {
  await runStep(context, { step: 'describe', timeout: 'describe', items }, describeInstancesAndGroups);
  for (const item of await planRemovals(context, items)) logDryRun(context.invocation, item);
}

/** @returns the items whose instance EC2 described; draining and replacing need that */
async function planRemovals(context: CordonContext, all: readonly WorkItem[]): Promise<readonly WorkItem[]> {
  const items = all.filter((item) => item.described && !item.failures.has('describe'));
  await Promise.all([
    runStep(context, { step: 'drain', timeout: 'plan', items }, (some, signal) =>
      findRegistrations(some, context.config.drainSearch, signal),
    ),
    runStep(context, { step: 'replace', timeout: 'plan', items }, planReplacements),
  ]);
  return items;
}

/** Deregisters targets, removes scale-in protection and orders replacements, after recording what will be removed. */
async function removeFromService(context: CordonContext, all: readonly WorkItem[]): Promise<void> {
  await runStep(context, { step: 'drain', timeout: 'hold', items: all }, (some, signal) =>
    holdDrainsAboveFloor(context, some, signal),
  );
  endHolds(all, context.invocation.now());
  await recordRemovals(context, all);
  const items = all.filter((item) => !item.failures.has('record'));
  const planned = items.filter((item) => !item.failures.has('replace'));
  await Promise.all([
    // If the search was incomplete, we still deregister what it found. The next delivery finds the rest.
    runStep(context, { step: 'drain', timeout: 'apply', items }, deregisterInstances),
    // Protection comes first: Auto Scaling cannot change it after the instance has left the group.
    runStep(context, { step: 'protect', timeout: 'protect', items }, removeProtection).then(() =>
      runStep(context, { step: 'replace', timeout: 'apply', items: planned }, orderReplacements),
    ),
  ]);
}

function toBatchResult(context: CordonContext, created: CreatedWorkItems): BatchResult {
  const { config, invocation } = context;
  const { items } = created;
  const response = { cordoned: items.map((item) => ({ ...logFields(item.record), steps: item.outcomes })) };
  if (config.dryRun) return { retry: created.retry, response };
  countPools(context, items);
  const retry = [...created.retry];
  for (const item of items) {
    logCordoned(invocation, item);
    const error = firstError(item);
    if (error) retry.push(...item.messageIds.map((id) => ({ id, error })));
  }
  countCordoned(invocation, items);
  return { retry, response };
}

function firstError({ instanceId, uncordonInProgress, failures }: WorkItem): unknown {
  if (!uncordonInProgress) return [...failures.values()][0];
  return new RetryableError(`${instanceId}: its cordon was being undone, cordoning it again`);
}
