import { readRecords, scanRecords } from '#shared/aws/records.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ResumeConfig } from '../config.ts';
import type { HoldFailure, ResumeContext } from '../context.ts';
import { deploymentName, type HoldRecord } from '../domain/hold-record.ts';
import { GLOBAL } from '../domain/regions.ts';
import type { TriggerEvent } from './event.ts';
import { holdDeployments } from './hold-deployments.ts';
import { reviewHolds } from './review-holds.ts';

/**
 * Holds the deployments that gates have stopped, and resumes them when the checks are clear. The scheduled sweep reviews
 * every hold in the table; events and reminders only start a review earlier. A failed hold stays in the table.
 */
export async function resumeDeployments(
  deliveries: readonly QueueMessage<TriggerEvent>[],
  config: ResumeConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const context: ResumeContext = {
    config,
    invocation,
    holds: { table: config.holdsTable, key: 'deployment', signal: invocation.signal },
  };
  const messages = deliveries.map(({ message }) => message);
  const failed = messages.filter((message) => message.kind === 'failed action');
  const holdFailures = await holdDeployments(context, failed);
  const { reviewed, failures } = await reviewSelectedHolds(context, messages);
  const allFailures = [...holdFailures, ...failures];
  for (const { deployment, error } of allFailures)
    invocation.logger.warn('message will be retried', { deployment, error });
  return {
    retry: allFailures.flatMap((failure) => messagesToRetry(deliveries, failure)),
    response: { reviewed: reviewed.map(({ deployment, status }) => ({ deployment, status })) },
  };
}

interface ReviewedHolds {
  readonly reviewed: readonly HoldRecord[];
  readonly failures: readonly HoldFailure[];
}

async function reviewSelectedHolds(
  context: ResumeContext,
  messages: readonly TriggerEvent[],
): Promise<ReviewedHolds> {
  const named = new Set(messages.flatMap((message) => (message.kind === 'due' ? [message.deployment] : [])));
  const remindAll = messages.some(({ kind }) => kind === 'sweep');
  const fresh = remindAll || messages.some(({ kind }) => kind === 'closed issue');
  const reviewed = await selectHolds(context, messages, named);
  if (reviewed.length === 0) return { reviewed, failures: [] };
  return { reviewed, failures: await reviewHolds(context, reviewed, { named, remindAll, fresh }) };
}

/** A sweep selects every record, a closed issue those it may concern, a reminder only its own. */
async function selectHolds(
  { holds }: ResumeContext,
  messages: readonly TriggerEvent[],
  named: ReadonlySet<string>,
): Promise<HoldRecord[]> {
  const closed = messages.filter((message) => message.kind === 'closed issue');
  const sweeps = messages.some(({ kind }) => kind === 'sweep');
  if (!sweeps && closed.length === 0)
    return named.size === 0 ? [] : [...(await readRecords(holds, [...named])).values()];
  const all = await scanRecords(holds);
  if (sweeps) return all;
  return all.filter(
    (hold) => named.has(hold.deployment) || closed.some(({ region }) => isAffectedBy(hold, region)),
  );
}

/** An issue without a single Region concerns every gate. */
function isAffectedBy(hold: HoldRecord, region: string | undefined): boolean {
  if (region === undefined || region === GLOBAL) return true;
  return hold.actions.some(({ policy }) => policy.regions.includes(region));
}

/** The messages to retry for a failed deployment: its own, and those about all deployments. */
function messagesToRetry(
  deliveries: readonly QueueMessage<TriggerEvent>[],
  { deployment, error }: HoldFailure,
) {
  return deliveries
    .filter(({ message }) => concernsDeployment(message, deployment))
    .map(({ id }) => ({ id, error }));
}

function concernsDeployment(message: TriggerEvent, deployment: string): boolean {
  if (message.kind === 'failed action') return deploymentName(message) === deployment;
  return message.kind !== 'due' || message.deployment === deployment;
}
