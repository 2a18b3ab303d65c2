import type { Mail } from '#shared/mail.ts';
import { subjectLine } from '#shared/mail-text.ts';
import { formatDuration, formatTime } from '#shared/time.ts';
import { type ApprovalRecord, votesOf } from '../domain/approval-record.ts';
import type { Ami, ApprovalSubject } from '../domain/approval-subject.ts';
import { isInitiator } from '../domain/approval-transitions.ts';
import { formatChecks, formatComparison, latestResult, withAccountNames } from '../domain/build-review.ts';
import { imageLink } from '../domain/console-links.ts';
import { formatEarlierRounds } from '../domain/earlier-rounds.ts';
import { stripFormatCharacters } from '../domain/plain-text.ts';
import type { Draft } from '../domain/record-key.ts';
import { formatFindings, type ScanFindings } from '../domain/scan-findings.ts';

export interface Invitation {
  readonly record: Draft<ApprovalRecord>;
  readonly approver: string;
  /** Contains the approver's token, which may appear nowhere else. */
  readonly link: string;
  readonly findings: ScanFindings | undefined;
  readonly now: number;
  /** Half of the time is over, and the approver has not voted. */
  readonly isReminder?: boolean;
}

/** For one approver: please decide. */
export function invitationMail({ record, approver, link, findings, now, isReminder }: Invitation): Mail {
  const { subject, expiresAt, round } = record;
  const earlier = formatEarlierRounds(record);
  const text = [
    ...(earlier.length === 0 ? [] : [`ROUND ${round}`, ...indent(earlier), '']),
    ...(isReminder
      ? ['This is a reminder: half of the time to decide is over, and you have not voted.']
      : []),
    whatWaits(subject),
    `To approve or reject it, open this link by ${formatTime(expiresAt)} (in ${formatDuration(expiresAt - now)}):`,
    link,
    '',
    ...consequence(record),
    '',
    quorum(record),
    ...votes(record),
    ...warnings(record, approver, findings),
    ...checks(record, findings),
    '',
    'About this build',
    ...buildDetails(subject),
    '',
    'This link is personal: anyone who has it can vote as you. Do not forward this email.',
    'Opening the link does not vote.',
  ];
  const prefix = `${isReminder ? 'Reminder: ' : ''}${round === 1 ? '' : `Round ${round}: `}`;
  return {
    subject: subjectLine(`${prefix}Approve ${subject.workflowStep ? 'build' : 'AMI'} ${buildName(subject)}?`),
    text: join(text),
  };
}

export function whatWaits(subject: ApprovalSubject): string {
  const { workflowStep } = subject;
  return workflowStep
    ? `The build ${buildName(subject)} waits at the workflow step ${workflowStep.name} for your decision.`
    : `The AMI ${buildName(subject)} has been built and waits for your decision.`;
}

function consequence({ subject, review }: Draft<ApprovalRecord>): string[] {
  const { workflowStep, amis } = subject;
  const recipients = withAccountNames(subject.recipients, review);
  if (!workflowStep) {
    return [
      'If approved, it will be shared with:',
      ...indent(recipients),
      'These AMIs will be shared:',
      ...indent(amis.map(formatAmi)),
    ];
  }
  const next = ['If approved, the workflow continues. If rejected, it stops.'];
  return recipients.length === 0
    ? next
    : [...next, 'If approved, its distribution settings will share it with:', ...indent(recipients)];
}

function quorum({ required, approvers }: Draft<ApprovalRecord>): string {
  const needed = required === 1 ? 'One approval is' : `${required} of ${approvers.length} approvals are`;
  const asked = approvers.map(({ address }) => address).join(', ');
  return `${needed} needed. A single rejection rejects it. Approvers: ${asked}.`;
}

function warnings(
  record: Draft<ApprovalRecord>,
  approver: string,
  findings: ScanFindings | undefined,
): string[] {
  const { subject, review } = record;
  const alreadyShared = withAccountNames(subject.alreadyShared, review);
  const foreignAmis = withAccountNames(subject.foreignAmis, review);
  const scan = latestResult(review, findings);
  const found = scan && formatFindings(scan);
  return [
    ...(scan && found !== undefined
      ? ['', `KNOWN VULNERABILITIES: ${found}, as of ${formatTime(scan.at)}.`]
      : []),
    ...(review?.tests.isFailed ? ['', `FAILED TESTS: ${review.tests.text}.`] : []),
    ...(alreadyShared.length === 0
      ? []
      : [
          '',
          'ALREADY SHARED: without any approval, its distribution settings share it with:',
          ...indent(alreadyShared),
        ]),
    ...(foreignAmis.length === 0
      ? []
      : ['', 'NOT INCLUDED: these AMIs will not be shared:', ...indent(foreignAmis)]),
    ...(isInitiator(record, approver)
      ? ['', 'You started this build. You can reject it, but you cannot approve it.']
      : []),
  ];
}

function checks({ review }: Draft<ApprovalRecord>, findings: ScanFindings | undefined): string[] {
  const rows = formatChecks(review, findings);
  const comparison = formatComparison(review);
  return [
    ...(rows.length === 0 ? [] : ['', 'Checks', ...formatRows(rows)]),
    ...(comparison ? ['', comparison.heading, ...indent(comparison.lines)] : []),
  ];
}

/** For the owners of the targets: they can use the AMI. */
export function imageSharedMail({ subject, shares, review }: Draft<ApprovalRecord>): Mail {
  const remarks = Object.entries(shares).flatMap(([id, share]) =>
    share.remarks.map((remark) => `${id}: ${remark}`),
  );
  const text = [
    `The AMI ${buildName(subject)} is now shared with you.`,
    remarks.length === 0 ? 'You do not have to do anything.' : 'Before you launch it, read the notes below.',
    '',
    'It is shared with:',
    ...indent(withAccountNames(subject.recipients, review)),
    'You can launch it as:',
    ...indent(subject.amis.map(formatAmi)),
    ...(remarks.length === 0 ? [] : ['', 'Notes', ...indent(remarks)]),
    '',
    'About this build',
    ...buildDetails(subject),
    '',
    'You cannot see the tags of an AMI in an account that it is shared with.',
  ];
  const { accounts, organizations, organizationalUnits } = subject.targets;
  return {
    subject: subjectLine(`AMI ${buildName(subject)} is shared with you`),
    text: join(text),
    attributes: { target: [...accounts, ...[...organizations, ...organizationalUnits].map(lastPart)] },
  };
}

const outcomeTexts: Readonly<Partial<Record<Draft<ApprovalRecord>['status'], string>>> = {
  shared: 'approved and shared',
  resumed: 'approved and continues',
  rejected: 'rejected',
  expired: 'not decided in time',
  cancelled: 'cancelled',
};
const notCarriedOut = 'not carried out';

/** For those who were asked: how the request ended. */
export function requestClosedMail(record: Draft<ApprovalRecord>): Mail {
  const { subject, round } = record;
  const text = [
    ...outcomeLines(record),
    '',
    'About this build',
    ...buildDetails(subject),
    `  Round          ${round}`,
  ];
  return {
    subject: subjectLine(outcomeTitle(record)),
    text: join(text),
  };
}

export function outcomeTitle({ subject, status }: Draft<ApprovalRecord>): string {
  return `${buildName(subject)}: ${outcomeTexts[status] ?? notCarriedOut}`;
}

/** How a request ended, by whom and why. */
export function outcomeLines(record: Draft<ApprovalRecord>): string[] {
  const { status, shares, why } = record;
  const regions = Object.entries(shares).map(
    ([id, { region, result, remarks }]) => `${id} in ${region}: ${[result, ...remarks].join('; ')}`,
  );
  return [
    ...closingLines(record, outcomeTexts[status] ?? notCarriedOut),
    ...votes(record),
    ...(why === undefined ? [] : ['', `Reason: ${why}.`]),
    ...(regions.length === 0 ? [] : ['', 'Results by Region', ...indent(regions)]),
  ];
}

function closingLines({ subject, status, why }: Draft<ApprovalRecord>, outcome: string): string[] {
  const name = buildName(subject);
  if (status === 'shared')
    return [`${name} was approved and is shared with all targets.`, 'You do not have to do anything.'];
  if (status === 'resumed')
    return [`${name} was approved, and its workflow continues.`, 'You do not have to do anything.'];
  const again = 'To request approval again, see "Asking again" in docs/operating.md.';
  if (status === 'failed') {
    return [
      `${buildName(subject)} was approved, but the decision was not carried out.`,
      `Fix the cause below. ${again}`,
    ];
  }
  if (status === 'cancelled') {
    const step = subject.workflowStep;
    const effect = step ? `The workflow step ${step.name} was not answered` : 'Nothing was shared';
    return [`The request about ${buildName(subject)} was cancelled. ${effect}.`, again];
  }
  // Without a step nothing can go wrong about a rejection or an expiry.
  const next =
    why === undefined
      ? 'You do not have to do anything.'
      : 'Its workflow step was not stopped: stop it yourself if it still waits.';
  return [`${buildName(subject)} was ${outcome}.`, `${next} ${again}`];
}

function votes(record: Draft<ApprovalRecord>): string[] {
  const lines = votesOf(record).map(({ who, what, at, why }) => {
    const vote = what === 'approve' ? 'approved' : 'rejected';
    return `${who} ${vote} it on ${formatTime(at)}${why ? `: ${why}` : ''}`;
  });
  return lines.length === 0 ? [] : ['', 'Votes', ...indent(lines)];
}

export function buildName({ name, version }: Pick<ApprovalRecord['subject'], 'name' | 'version'>): string {
  return `${name} ${version}`;
}

function buildDetails({ details, imageArn }: ApprovalSubject): string[] {
  return formatRows([...details, ['Image', imageArn], ['Console', imageLink(imageArn)]]);
}

function formatRows(rows: readonly (readonly [name: string, value: string])[]): string[] {
  return rows.map(([name, value]) => `  ${name.padEnd(14)} ${value}`);
}

/** Names and reasons come from many people, so invisible characters that could reverse a text are removed. */
function join(lines: readonly string[]): string {
  return stripFormatCharacters(lines.join('\n'));
}

function formatAmi({ id, region, name }: Ami): string {
  return `${id} in ${region}${name === '' ? '' : ` (${name})`}`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
