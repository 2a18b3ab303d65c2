import { sendMessages } from '#shared/aws/sqs.ts';
import type { HoldFailure, ResumeContext } from '../context.ts';
import { applyHealthStatus, type HoldRecord, isOpen } from '../domain/hold-record.ts';
import { SWEEP_INTERVAL_MS } from '../domain/resume-schedule.ts';
import { updateHolds } from './amend-holds.ts';
import { isBusy, isDue, processDueHolds } from './decide-due-holds.ts';
import { evaluateHolds, type HoldEvaluation } from './evaluate-holds.ts';
import { formatDueMessage } from './event.ts';
import { logHealthStatus } from './log.ts';
import { sendPendingNotifications } from './notify.ts';

export interface ReviewOptions {
  /** Deployments that a message of their own names. */
  readonly named: ReadonlySet<string>;
  /** Whether all that fall due until the next sweep are to be reminded of, or only those this run has changed. */
  readonly remindsAll: boolean;
  /** Whether the sources are asked anew: an event says that they changed. A reminder takes the last minute's answer. */
  readonly fresh: boolean;
}

/** Asks what AWS Health says now, starts and ends cool-downs by it, and takes those up whose time has come. */
export async function reviewHolds(
  round: ResumeContext,
  holds: readonly HoldRecord[],
  { fresh, named, remindsAll }: ReviewOptions,
): Promise<HoldFailure[]> {
  const now = round.invocation.now();
  const open = holds.filter((hold) => isOpen(hold) && (!isBusy(hold, now) || named.has(hold.deployment)));
  const knowledge = { evaluations: await evaluateHolds(round, open, fresh), named };
  const changed = await heedAll(round, open, knowledge.evaluations);
  const current = open.map((hold) => changed.get(hold.deployment) ?? hold);
  const due = new Set(current.filter((hold) => isDue(hold, round, knowledge)));
  const taken = await processDueHolds(round, [...due], knowledge);
  if (round.config.dryRun) return [...taken.failures];
  const waiting = current.filter((hold) => !due.has(hold));
  const toRemind = remindsAll ? waiting : waiting.filter(({ deployment }) => changed.has(deployment));
  await remind(round, [...toRemind, ...taken.holds]);
  const ended = holds.filter((hold) => !isOpen(hold));
  return [...taken.failures, ...(await sendPendingNotifications(round, [...waiting, ...ended]))];
}

/** Writes only what an outlook changes. @returns those */
async function heedAll(
  { config, invocation, holds }: ResumeContext,
  open: readonly HoldRecord[],
  findings: ReadonlyMap<string, HoldEvaluation>,
): Promise<ReadonlyMap<string, HoldRecord>> {
  const now = invocation.now();
  const next = (hold: HoldRecord) => {
    const finding = findings.get(hold.deployment);
    return finding && applyHealthStatus(hold, finding.status, config, now);
  };
  const judged = new Map(open.filter(next).map((hold) => [hold.deployment, hold]));
  if (judged.size === 0 || config.dryRun) return new Map();
  const { noted } = await updateHolds(
    holds,
    [...judged.keys()],
    // One that changed meanwhile is judged by the next sweep, from what it is then.
    (known, id) => {
      const draft = known && known.revision === judged.get(id)?.revision ? next(known) : undefined;
      return draft && { draft, data: findings.get(id)?.text ?? '' };
    },
    judged,
  );
  for (const { hold, data } of noted) logHealthStatus(invocation, hold, data);
  return new Map(noted.map(({ hold }) => [hold.deployment, hold]));
}

/** What falls due before the next sweep gets a message of its own. What cannot be sent costs some minutes: the next sweep finds it overdue. */
async function remind({ config, invocation }: ResumeContext, holds: readonly HoldRecord[]): Promise<void> {
  const now = invocation.now();
  const soon = holds.flatMap(({ deployment, retryAt = 0, status }) => {
    const ms = retryAt - now;
    if (status !== 'clearing' || ms <= 0 || ms > SWEEP_INTERVAL_MS) return [];
    return [{ body: formatDueMessage(deployment, config.region, now), delaySeconds: Math.ceil(ms / 1000) }];
  });
  if (soon.length === 0) return;
  const sent = await sendMessages(config.queueUrl, soon, invocation.signal);
  const errors = sent.filter((error) => error !== undefined);
  if (errors.length > 0)
    invocation.logger.warn('reminders could not be sent', { messages: errors.length, error: errors[0] });
}
