import { sendMessages } from '#shared/aws/sqs.ts';
import type { HoldFailure, ResumeContext } from '../context.ts';
import { type HoldRecord, isOpen } from '../domain/hold-record.ts';
import { applyHealthStatus } from '../domain/hold-transitions.ts';
import { SWEEP_INTERVAL_MS } from '../domain/resume-schedule.ts';

import { evaluateGates, type GatesEvaluation } from '../evaluate-gates.ts';
import { formatDueMessage } from './event.ts';
import { logHealthStatus } from './log.ts';
import { sendPendingNotifications } from './notify.ts';
import { isBusy, isDue, processDueHolds } from './process-due-holds.ts';
import { updateHolds } from './update-holds.ts';

export interface ReviewOptions {
  /** Deployments named by their own message. */
  readonly named: ReadonlySet<string>;
  /** Send reminders for all holds due before the next sweep, or only for those that this run changed. */
  readonly remindAll: boolean;
  /** Ignore cached responses: an event says that the sources changed. A reminder may use them. */
  readonly fresh: boolean;
}

/** Reads AWS Health, starts and ends cool-downs accordingly, and processes due holds. */
export async function reviewHolds(
  context: ResumeContext,
  holds: readonly HoldRecord[],
  { fresh, named, remindAll }: ReviewOptions,
): Promise<HoldFailure[]> {
  const now = context.invocation.now();
  const open = holds.filter((hold) => isOpen(hold) && (!isBusy(hold, now) || named.has(hold.deployment)));
  const rules = new Map(open.map(({ actions, deployment }) => [deployment, actions]));
  const dueContext = { evaluations: await evaluateGates(context, rules, fresh), named };
  const changed = await applyHealthStatuses(context, open, dueContext.evaluations);
  const current = open.map((hold) => changed.get(hold.deployment) ?? hold);
  const due = new Set(current.filter((hold) => isDue(hold, context, dueContext)));
  const processed = await processDueHolds(context, [...due], dueContext);
  if (context.config.dryRun) return [...processed.failures];
  const waiting = current.filter((hold) => !due.has(hold));
  const toRemind = remindAll ? waiting : waiting.filter(({ deployment }) => changed.has(deployment));
  await sendReminders(context, [...toRemind, ...processed.holds]);
  const ended = holds.filter((hold) => !isOpen(hold));
  return [...processed.failures, ...(await sendPendingNotifications(context, [...waiting, ...ended]))];
}

/** @returns the holds that changed */
async function applyHealthStatuses(
  { config, invocation, holds }: ResumeContext,
  open: readonly HoldRecord[],
  evaluations: ReadonlyMap<string, GatesEvaluation>,
): Promise<ReadonlyMap<string, HoldRecord>> {
  const now = invocation.now();
  const next = (hold: HoldRecord) => {
    const evaluation = evaluations.get(hold.deployment);
    const changed = evaluation && applyHealthStatus(hold, evaluation.status, config, now);
    return changed && evaluation.status === 'overridden'
      ? { ...changed, resumeReason: evaluation.text }
      : changed;
  };
  const toUpdate = new Map(open.filter(next).map((hold) => [hold.deployment, hold]));
  if (toUpdate.size === 0 || config.dryRun) return new Map();
  const { updated } = await updateHolds(
    holds,
    [...toUpdate.keys()],
    // If the record changed during this time, the next sweep decides about the new version.
    (known, id) => {
      const draft = known && known.revision === toUpdate.get(id)?.revision ? next(known) : undefined;
      return draft && { draft, data: evaluations.get(id)?.text ?? '' };
    },
    toUpdate,
  );
  for (const { hold, data } of updated) logHealthStatus(invocation, hold, data);
  return new Map(updated.map(({ hold }) => [hold.deployment, hold]));
}

/** Sends a delayed message for each hold due before the next sweep. If sending fails, the sweep finds the hold a few minutes later. */
async function sendReminders(
  { config, invocation }: ResumeContext,
  holds: readonly HoldRecord[],
): Promise<void> {
  const now = invocation.now();
  const soon = holds.flatMap(({ deployment, retryAt = 0, status }) => {
    const ms = retryAt - now;
    if (status !== 'cooling down' || ms <= 0 || ms > SWEEP_INTERVAL_MS) return [];
    return [{ body: formatDueMessage(deployment, config.region, now), delaySeconds: Math.ceil(ms / 1000) }];
  });
  if (soon.length === 0) return;
  const sent = await sendMessages(config.queueUrl, soon, invocation.signal);
  const errors = sent.filter((error) => error !== undefined);
  if (errors.length > 0)
    invocation.logger.warn('reminders not sent: the next sweep resumes these deployments', {
      messages: errors.length,
      error: errors[0],
    });
}
