import type { Mail } from '#shared/mail.ts';
import type { HoldLimits, HoldRecord, NotificationKind } from '../domain/hold-record.ts';
import { RESUME_TAG } from '../domain/resume-decision.ts';
import type { ResumeSchedule } from '../domain/resume-schedule.ts';
import { iso } from './verdict-text.ts';

/** A deployment that people are told of, and what. */
export interface Told {
  readonly hold: HoldRecord;
  readonly notice: NotificationKind;
}

export type Rules = HoldLimits & ResumeSchedule;

/** Beyond this many the list is cut, and before SNS's 256 KiB; the log has the rest. */
const MAX_TOLD = 200;
const MAX_BYTES = 240_000;

const notices = ['given up', 'held', 'resumed'] as const;

/** One mail for a whole batch. */
export function writeDigest(told: readonly Told[], rules: Rules): Mail {
  // What a person must see to stands first.
  const sorted = notices.flatMap((notice) => told.filter((one) => one.notice === notice));
  const shown = fitting(sorted.slice(0, MAX_TOLD).map((one) => paragraph(one, rules)));
  const left = told.length - shown.length;
  const more = left > 0 ? [`... and ${left} more; the function's log names them.`] : [];
  return { subject: subjectOf(sorted), text: [...shown, ...more].join('\n') };
}

function subjectOf(told: readonly Told[]): string {
  const [first] = told;
  if (first && told.length === 1) {
    const { pipeline, stage } = first.hold;
    return cut(`Deployment ${first.notice}: ${cut(pipeline, 50)}, stage ${stage}`, 99);
  }
  const counts = notices
    .map((notice) => ({ notice, n: told.filter((one) => one.notice === notice).length }))
    .filter(({ n }) => n > 0)
    .map(({ notice, n }) => `${n} ${notice}`);
  return `Deployments: ${counts.join(', ')}`;
}

/** In ASCII, which an ellipsis is not. */
function cut(name: string, max: number): string {
  return name.length <= max ? name : `${name.slice(0, max - 3)}...`;
}

function paragraph({ hold, notice }: Told, rules: Rules): string {
  const { executionId, pipeline, stage } = hold;
  const head = [
    `${pipeline}, stage ${stage}: ${notice}`,
    `Execution: ${executionId}`,
    `Stopped: ${iso(hold.heldAt)}`,
    `Why: ${hold.reason}`,
  ];
  return [...head, ...nextSteps(hold, notice, rules), ''].join('\n');
}

function nextSteps(hold: HoldRecord, notice: NotificationKind, rules: Rules): string[] {
  switch (notice) {
    case 'held':
      return [
        `Next: resumes by itself once the gate's checks have been clear for ${minutes(rules)}. Attempt ${hold.attempts + 1} of ${rules.maxAttempts}. Given up at ${iso(hold.heldAt + rules.maxHoldMs)}.`,
        `To go on by hand: ${retryCommand(hold)} (the gate checks again)`,
        `To stop it: release something newer, or take the tag ${RESUME_TAG} off the pipeline.`,
      ];
    case 'resumed':
      return [
        `Next: the gate checks again, and the stage goes on. Attempt ${hold.attempts} of ${rules.maxAttempts}.`,
      ];
    case 'given up':
      return [
        `Given up: ${hold.closedReason ?? 'for no reason that was written down'}`,
        'Next: nothing happens by itself. Release something newer, or go on by hand:',
        retryCommand(hold),
      ];
  }
}

function minutes({ coolDownMs, jitterMs }: ResumeSchedule): string {
  const [least, most] = [coolDownMs, coolDownMs + jitterMs].map((ms) => Math.round(ms / 60_000));
  return least === most ? `${least} minutes` : `${least} to ${most} minutes`;
}

function retryCommand({ executionId, pipeline, stage }: HoldRecord): string {
  return `aws codepipeline retry-stage-execution --pipeline-name ${pipeline} --stage-name ${stage} --pipeline-execution-id ${executionId} --retry-mode FAILED_ACTIONS`;
}

function fitting(paragraphs: readonly string[]): string[] {
  let bytes = 0;
  return paragraphs.filter((text) => {
    bytes += Buffer.byteLength(text) + 1;
    return bytes <= MAX_BYTES;
  });
}
