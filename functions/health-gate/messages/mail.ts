import { type ChatMessage, chatMessages, type Notification } from '#shared/chat.ts';
import { fittingParagraphs } from '#shared/mail-text.ts';
import { formatIso, MINUTE_MS } from '#shared/time.ts';
import type { HoldLimits, HoldRecord, NotificationKind } from '../domain/hold-record.ts';
import { RESUME_TAG } from '../domain/pipeline-tags.ts';
import type { ResumeSchedule } from '../domain/resume-schedule.ts';

/** What people are notified about. */
export interface HoldNotification {
  readonly hold: HoldRecord;
  readonly kind: NotificationKind;
}

export type NotificationRules = HoldLimits & ResumeSchedule;

/** The log has the rest. */
const MAX_PARAGRAPHS = 200;

const kindsByUrgency = ['abandoned', 'stopped', 'held', 'resumed'] as const;

/** One mail for a batch of notifications. */
export function summaryMail(
  notifications: readonly HoldNotification[],
  rules: NotificationRules,
): Notification {
  // Notifications that need a person come first.
  const sorted = kindsByUrgency.flatMap((kind) => notifications.filter((one) => one.kind === kind));
  const shown = fittingParagraphs(sorted.slice(0, MAX_PARAGRAPHS).map((one) => paragraph(one, rules)));
  const omitted = notifications.length - shown.length;
  const more = omitted > 0 ? [`... and ${omitted} more; see the function's log.`] : [];
  const [subject, text] = [subjectOf(sorted), [...shown, ...more].join('\n')];
  const chat = chatMessages(sorted, (one) => chatMessage(one, rules), { title: subject, text });
  return { subject, text, chat };
}

/** What happens to one deployment is one thread: held, then resumed or abandoned. */
function chatMessage(notification: HoldNotification, rules: NotificationRules): ChatMessage {
  const { hold, kind } = notification;
  return {
    title: subjectOf([notification]),
    text: `${formatIso(hold.heldAt)}: ${hold.reason}`,
    thread: `health-gate ${hold.deployment}`,
    nextSteps: nextSteps(hold, kind, rules),
  };
}

function subjectOf(notifications: readonly HoldNotification[]): string {
  const [first] = notifications;
  if (first && notifications.length === 1) {
    const { pipeline, stage } = first.hold;
    return truncateAscii(`Deployment ${first.kind}: ${truncateAscii(pipeline, 50)}, stage ${stage}`, 99);
  }
  const counts = kindsByUrgency
    .map((kind) => ({ kind, n: notifications.filter((one) => one.kind === kind).length }))
    .filter(({ n }) => n > 0)
    .map(({ kind, n }) => `${n} ${kind}`);
  return `Deployments: ${counts.join(', ')}`;
}

/** SNS subjects must be ASCII, so no ellipsis character. */
function truncateAscii(name: string, max: number): string {
  return name.length <= max ? name : `${name.slice(0, max - 3)}...`;
}

function paragraph({ hold, kind }: HoldNotification, rules: NotificationRules): string {
  const { executionId, pipeline, stage } = hold;
  const head = [
    `${pipeline}, stage ${stage}: ${kind}`,
    `Execution: ${executionId}`,
    `Stopped: ${formatIso(hold.heldAt)}`,
    `Reason: ${hold.reason}`,
  ];
  return [...head, ...nextSteps(hold, kind, rules), ''].join('\n');
}

function nextSteps(hold: HoldRecord, kind: NotificationKind, rules: NotificationRules): string[] {
  switch (kind) {
    case 'held':
      return [
        `You need to do nothing: it resumes automatically when the gate's checks have been clear for ${coolDownRange(rules)}. Attempt ${hold.attempts + 1} of ${rules.maxAttempts}. Abandoned at ${formatIso(hold.heldAt + rules.maxHoldMs)} if they are still not clear.`,
        `To retry now: ${retryCommand(hold)} (the gate checks again)`,
        `To prevent the resume: release a newer change, or remove the tag ${RESUME_TAG} from the pipeline.`,
      ];
    case 'resumed':
      return [
        ...(hold.closedReason === undefined ? [] : [`Resumed because: ${hold.closedReason}`]),
        `You need to do nothing: the gate checks again, then the stage continues. Attempt ${hold.attempts} of ${rules.maxAttempts}.`,
      ];
    case 'abandoned':
      return [`Abandoned: ${hold.closedReason ?? 'no reason recorded'}`, ...retryByHand(hold)];
    case 'stopped':
      return [`Not held: ${hold.closedReason ?? 'no reason recorded'}`, ...retryByHand(hold)];
  }
}

function retryByHand(hold: HoldRecord): string[] {
  const text = 'It does not resume automatically. Release a newer change, or retry by hand:';
  return [text, retryCommand(hold)];
}

/** How long the checks must be clear. */
export function coolDownRange({ coolDownMs, jitterMs }: ResumeSchedule): string {
  const [least, most] = [coolDownMs, coolDownMs + jitterMs].map((ms) => Math.round(ms / MINUTE_MS));
  return least === most ? `${least} minutes` : `${least} to ${most} minutes`;
}

function retryCommand({ executionId, pipeline, stage }: HoldRecord): string {
  return `aws codepipeline retry-stage-execution --pipeline-name ${pipeline} --stage-name ${stage} --pipeline-execution-id ${executionId} --retry-mode FAILED_ACTIONS`;
}
