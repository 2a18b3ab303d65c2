import type { Mail } from '#shared/mail.ts';
import { formatDuration, formatTime } from '#shared/time.ts';
import type { Approval } from '../domain/approval-record.ts';
import type { Subject } from '../domain/approval-subject.ts';
import { describeFindings, type Failure, type Findings } from '../domain/scan-findings.ts';

export interface Invitation {
  readonly record: Omit<Approval, 'revision'>;
  readonly approver: string;
  /** Carries the approver's token: into the mail, and nowhere else. */
  readonly link: string;
  readonly findings: Findings | undefined;
  readonly now: number;
}

/** Asks one approver. */
export function writeInvitation({ record, approver, link, findings, now }: Invitation): Mail {
  const { subject, expiresAt, required, approvers } = record;
  const text = [
    opening(subject),
    ...(record.why === undefined ? [] : ['', `You are asked again: ${record.why}.`]),
    '',
    ...consequence(subject),
    '',
    `Decide by ${formatTime(expiresAt)} (in ${formatDuration(expiresAt - now)}):`,
    link,
    '',
    required === 1
      ? `One approval is enough, one rejection rejects. Asked: ${listOf(approvers.map(({ address }) => address))}.`
      : `It takes ${required} approvals of ${approvers.length}, one rejection rejects. Asked: ${listOf(approvers.map(({ address }) => address))}.`,
    ...warnings(record, approver, findings),
    '',
    'What was built',
    ...block(subject),
    '',
    'The link is yours alone: whoever has it votes in your name, so do not pass this mail on.',
    'Opening it decides nothing.',
  ];
  return {
    subject: subjectLine(`Approve ${subject.gate ? 'build' : 'AMI'} ${subject.name} ${subject.version}?`),
    text: text.join('\n'),
    attributes: { approver: [approver] },
  };
}

function opening({ name, version, gate }: Subject): string {
  return gate
    ? `The build of ${name} ${version} waits at the workflow step ${gate.name} for your decision.`
    : `${name} ${version} has been built and waits for your decision.`;
}

function consequence({ gate, recipients, amis }: Subject): string[] {
  if (gate) {
    const next = ['Approved, its workflow goes on; rejected, it stops.'];
    return recipients.length === 0
      ? next
      : [...next, 'Its distribution settings then give it to', ...indent(recipients)];
  }
  return [
    'If it is approved, it is shared with',
    ...indent(recipients),
    'as',
    ...indent(amis.map(describeAmi)),
  ];
}

function warnings(record: Invitation['record'], approver: string, findings: Findings | undefined): string[] {
  const { subject } = record;
  const found = findings && describeFindings(findings);
  const own = subject.barred?.toLowerCase() === approver.toLowerCase();
  return [
    ...(found === undefined
      ? []
      : ['', `KNOWN VULNERABILITIES: ${found}, as of ${formatTime(findings?.at ?? 0)}.`]),
    ...(subject.distributed.length === 0
      ? []
      : [
          '',
          'SHARED ALREADY: its distribution settings give it, without any approval, to',
          ...indent(subject.distributed),
        ]),
    ...(subject.elsewhere.length === 0
      ? []
      : ['', 'Left alone, being in other accounts:', ...indent(subject.elsewhere)]),
    ...(own ? ['', 'You started this build: you may reject it, but not approve it.'] : []),
  ];
}

/** To whom the AMI is shared with: the accounts' owners. */
export function writeShared({ subject, shares }: Omit<Approval, 'revision'>): Mail {
  const remarks = Object.entries(shares).flatMap(([id, { remarks }]) =>
    remarks.map((one) => `${id}: ${one}`),
  );
  const text = [
    `${subject.name} ${subject.version} is shared with`,
    ...indent(subject.recipients),
    'and can be launched as',
    ...indent(subject.amis.map(describeAmi)),
    ...(remarks.length === 0 ? [] : ['', 'Please note', ...indent(remarks)]),
    '',
    'What it is',
    ...block(subject),
    '',
    'Tags of an AMI are not visible in the accounts that it is shared with.',
  ];
  const { accounts, organizations, organizationalUnits } = subject.targets;
  return {
    subject: subjectLine(`AMI ${subject.name} ${subject.version} is shared with you`),
    text: text.join('\n'),
    attributes: { target: [...accounts, ...[...organizations, ...organizationalUnits].map(lastPart)] },
  };
}

/** To all approvers, when it ended in anything but what was approved. */
export function writeEnded(record: Omit<Approval, 'revision'>): Mail {
  const { subject, status, shares, approvers } = record;
  const outcome =
    status === 'rejected' ? 'rejected' : status === 'expired' ? 'not decided in time' : 'not carried out';
  const regions = Object.entries(shares).map(
    ([id, { region, result, remarks }]) => `${id} in ${region}: ${[result, ...remarks].join('; ')}`,
  );
  const text = [
    `${subject.name} ${subject.version} was ${outcome}.`,
    ...history(record),
    ...(record.why === undefined ? [] : ['', `Reason: ${record.why}.`]),
    ...(regions.length === 0 ? [] : ['', 'Region by Region', ...indent(regions)]),
    '',
    ...block(subject),
    `  Round          ${record.round}`,
    '',
    'To ask for it once more, see "Asking again" in docs/operating.md.',
  ];
  return {
    subject: subjectLine(`${subject.name} ${subject.version}: ${outcome}`),
    text: text.join('\n'),
    attributes: { approver: approvers.map(({ address }) => address) },
  };
}

function history({ history, round }: Omit<Approval, 'revision'>): string[] {
  const said = { approve: 'approved', reject: 'rejected' };
  const votes = history.flatMap((entry) =>
    entry.round === round && (entry.what === 'approve' || entry.what === 'reject')
      ? [`${entry.who} ${said[entry.what]} it on ${formatTime(entry.at)}${entry.why ? `: ${entry.why}` : ''}`]
      : [],
  );
  return votes.length === 0 ? [] : ['', ...indent(votes)];
}

/** To on-call, when a build failed. */
export function writeBroken({ imageArn, reason }: Pick<Failure, 'imageArn' | 'reason'>): Mail {
  const [, name = '', ...version] = imageArn.split('/');
  return {
    subject: subjectLine(`Image build ${name} ${version.join('/')} failed`),
    text: [`The image build ${name} ${version.join('/')} failed.`, '', reason, '', imageArn].join('\n'),
  };
}

function block({ facts, imageArn }: Subject): string[] {
  return [...facts, ['Image', imageArn] as const].map(([name, value]) => `  ${name.padEnd(14)} ${value}`);
}

function describeAmi({ id, region, name }: Subject['amis'][number]): string {
  return `${id} in ${region}${name === '' ? '' : ` (${name})`}`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function listOf(addresses: readonly string[]): string {
  return addresses.join(', ');
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function subjectLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, '?').slice(0, 99);
}
