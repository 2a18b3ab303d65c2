import { chatMessages, type Notification } from '#shared/chat.ts';
import { formatCount } from '#shared/count.ts';
import { fittingParagraphs } from '#shared/mail-text.ts';
import type { CordonRecord, LaunchFailure } from '../domain/cordon-record.ts';
import { severities } from '../domain/disruption.ts';

/** The list is cut at this many instances. The log names all of them. */
const MAX_INSTANCES = 200;

/** One mail for a whole batch. */
export function cordonSummaryMail(records: readonly CordonRecord[]): Notification {
  const counts = [...severities]
    .reverse()
    .map((severity) => ({
      severity,
      n: records.filter((record) => record.severity === severity).length,
    }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${n} ${severity}`);
  const subject = `Groundcrew cordoned ${formatCount(records.length, 'instance')} (${counts.join(', ')})`;
  const action = 'You need to act only if you place work by hand: place no new work on these instances.';
  const paragraphs = records.map((record) => ({ ...record, text: formatSummary(record) }));
  return toNotice({ subject, action, functionName: 'CordonInstances' }, paragraphs);
}

/** An overdue instance, and whether this wing will terminate it. */
export interface OverdueNotice {
  readonly record: CordonRecord;
  readonly isToTerminate: boolean;
}

export function overdueMail(notices: readonly OverdueNotice[]): Notification {
  const subject = `Groundcrew: ${formatCount(notices.length, 'instance')} outlived an interruption`;
  const action =
    'EC2 announced an interruption that did not happen. Terminate each instance that you do not need. To keep one, stop and start it: that ends its cordon.';
  const paragraphs = notices.map((notice) => ({ ...notice.record, text: formatOverdue(notice) }));
  return toNotice({ subject, action, functionName: 'UncordonInstances' }, paragraphs);
}

/** A replacement that Auto Scaling could not launch. */
export interface LaunchFailedNotice {
  readonly record: CordonRecord;
  readonly failure: LaunchFailure;
}

export function launchFailedMail(notices: readonly LaunchFailedNotice[]): Notification {
  const subject = `Groundcrew: no replacement for ${formatCount(notices.length, 'interrupted instance')}`;
  const action =
    'Auto Scaling could not launch a replacement and tries again. You need to act unless the reason is "no capacity" and ends by itself.';
  const paragraphs = notices.map((notice) => ({ ...notice.record, text: formatLaunchFailed(notice) }));
  return toNotice({ subject, action, functionName: 'UncordonInstances' }, paragraphs);
}

interface Summary {
  readonly subject: string;
  readonly action: string;
  /** The function whose log has everything. */
  readonly functionName: string;
}

interface Paragraph extends Pick<CordonRecord, 'instanceId'> {
  readonly text: string;
}

function toNotice(
  { subject, action, functionName }: Summary,
  paragraphs: readonly Paragraph[],
): Notification {
  const text = listText(
    [`${subject}.`, action],
    paragraphs.map((one) => one.text),
    functionName,
  );
  const chat = chatMessages(
    paragraphs,
    (one) => ({ title: subject, text: `${one.text}\n${action}`, thread: `spot-cordon ${one.instanceId}` }),
    { title: subject, text },
  );
  return { subject, text, chat };
}

function listText(head: readonly string[], paragraphs: readonly string[], functionName: string): string {
  const shown = fittingParagraphs(paragraphs.slice(0, MAX_INSTANCES));
  const hidden = paragraphs.length - shown.length;
  const more = hidden > 0 ? [`... and ${hidden} more; the log of ${functionName} names them.`] : [];
  return [...head, '', ...shown, ...more].join('\n');
}

function formatOverdue({ record, isToTerminate }: OverdueNotice): string {
  const { instanceId, deadline, orderedReplacement: ordered } = record;
  const at = deadline === undefined ? '' : `, deadline ${formatSeconds(deadline)}`;
  const place =
    ordered?.kind === 'detach'
      ? `  detached from group ${ordered.group}: it costs money outside the group until it is terminated`
      : `  still cordoned: it gets no new work`;
  const plan = isToTerminate
    ? ['  Groundcrew terminates it in about five minutes, because of its tag groundcrew:overdue=terminate']
    : [];
  return [`${instanceId}: ${record.reason}${at}`, place, ...plan, ''].join('\n');
}

function formatLaunchFailed({ record, failure }: LaunchFailedNotice): string {
  const group = record.orderedReplacement?.group ?? '';
  const command = `aws autoscaling describe-scaling-activities --auto-scaling-group-name '${group}'`;
  return [`${record.instanceId}: group ${group}, ${failure}`, `  details: ${command}`, ''].join('\n');
}

function formatSummary(record: CordonRecord): string {
  const { steps: outcomes, remarks = [] } = record;
  const head = [
    `${record.instanceId}: ${record.reason}`,
    `action ${record.action}`,
    ...(record.deadline === undefined ? [] : [`deadline ${formatSeconds(record.deadline)}`]),
    ...(record.expiresAt === undefined ? [] : [`expires ${formatSeconds(record.expiresAt)}`]),
    ...(record.group === undefined ? [] : [`group ${record.group}`]),
  ];
  const steps = (['protect', 'drain', 'replace'] as const)
    .filter((step) => outcomes[step] !== undefined)
    .map((step) => `  ${step}: ${outcomes[step]}`);
  return [head.join(', '), ...steps, ...remarks.map((remark) => `  note: ${remark}`), ''].join('\n');
}

/** `2026-11-28 18:00:05 UTC`: with a notice of two minutes, seconds matter. */
function formatSeconds(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
