import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ResumeConfig } from '../config.ts';
import type { HoldFailure, ResumeContext } from '../context.ts';
import { deploymentName } from '../domain/hold-record.ts';
import { decideDueHolds } from './decide-due-holds.ts';
import type { TriggerEvent } from './event.ts';
import { holdDeployments } from './hold-deployments.ts';
import { logPlannedOutcomes } from './log.ts';
import { notify, sendPendingNotifications } from './notify.ts';
import { retryStages } from './retry-stage.ts';
import { reviewHolds } from './review-holds.ts';
import { saveOutcomes } from './save-outcomes.ts';
import { type HoldSelection, selectHolds } from './select-holds.ts';
import { sendReminders } from './send-reminders.ts';

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
  const holdFailures = await hold(context, messages);
  const selection = await selectHolds(context, messages);
  const resumeFailures = selection.holds.length > 0 ? await resume(context, selection) : [];
  const failures = [...holdFailures, ...resumeFailures];
  for (const { deployment, error } of failures)
    invocation.logger.warn('message will be retried', { deployment, error });
  return {
    retry: failures.flatMap((failure) => messagesToRetry(deliveries, failure)),
    response: { reviewed: selection.holds.map(({ deployment, status }) => ({ deployment, status })) },
  };
}

async function hold(context: ResumeContext, messages: readonly TriggerEvent[]): Promise<HoldFailure[]> {
  const failed = messages.filter((message) => message.kind === 'failed action');
  const held = await holdDeployments(context, failed);
  const notNotified = await notify(context, held.notifications);
  const stillPending = await sendPendingNotifications(context, held.known);
  return [...held.failures, ...notNotified, ...stillPending];
}

async function resume(context: ResumeContext, selection: HoldSelection): Promise<HoldFailure[]> {
  const reviewed = await reviewHolds(context, selection);
  // Taken before the pipelines are read: a stop that happens after that is newer than the claim.
  const now = context.invocation.now();
  const decided = await decideDueHolds(context, reviewed);
  if (context.config.dryRun) {
    logPlannedOutcomes(context.invocation, decided.attempts, decided.ready);
    return [];
  }
  const retried = await retryStages(context, decided.ready, now);
  const saved = await saveOutcomes(context, [...decided.attempts, ...retried.attempts]);
  const notNotified = await notify(context, saved.notifications);
  await sendReminders(context, [...reviewed.toRemind, ...saved.holds]);
  const stillPending = await sendPendingNotifications(context, [...reviewed.waiting, ...reviewed.ended]);
  return [...decided.failures, ...retried.failures, ...saved.failures, ...notNotified, ...stillPending];
}

/** The messages to retry for a failed deployment: its own, and those about all deployments. */
function messagesToRetry(
  deliveries: readonly QueueMessage<TriggerEvent>[],
  { deployment, error }: HoldFailure,
) {
  return deliveries
    .filter(({ message }) => isAboutDeployment(message, deployment))
    .map(({ id }) => ({ id, error }));
}

function isAboutDeployment(message: TriggerEvent, deployment: string): boolean {
  if (message.kind === 'failed action') return deploymentName(message) === deployment;
  return message.kind !== 'due' || message.deployment === deployment;
}
