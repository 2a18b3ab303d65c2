import type { Notification } from '#shared/chat.ts';
import { healthEventPage } from '#shared/partitions.ts';
import { formatIso } from '#shared/time.ts';
import type { Incident, IncidentNotification, IncidentNotificationKind } from '../domain/incident.ts';
import type { ResumeSchedule } from '../domain/resume-schedule.ts';
import { coolDownRange } from './mail.ts';

/** Keeps the mail below the 256 KiB of SNS; the log has the rest. */
const MAX_ENTRIES = 200;

// What needs a person comes first.
const kinds = ['left disabled', 'passed', 'disabled', 'over', 'enabled'] as const;

/** All mails about an incident have one subject, and all chat messages one thread. */
export function incidentMail(
  incident: Incident,
  notifications: readonly IncidentNotification[],
  schedule: ResumeSchedule,
): Notification {
  const { arn, code, region, service, startedAt } = incident;
  const shown = notifications.slice(0, MAX_ENTRIES);
  const omitted = notifications.length - shown.length;
  const sections = kinds.flatMap((kind) => {
    const own = shown.filter((notification) => notification.kind === kind);
    return own.length === 0 ? [] : [`${headings[kind](schedule)}`, ...own.map(entry), ''];
  });
  const lines = [
    `${code} in ${region} (${service}) since ${formatIso(startedAt)}`,
    healthEventPage(arn),
    '',
    ...sections,
    ...(omitted > 0 ? [`... and ${omitted} more; see the function's log.`] : []),
  ];
  const subject = subjectOf(incident);
  const text = lines.join('\n');
  return { subject, text, chat: [{ title: subject, text, thread: arn }] };
}

function subjectOf({ code, region }: Incident): string {
  const name = code.length <= 60 ? code : `${code.slice(0, 57)}...`;
  return `AWS incident: ${name} in ${region}`;
}

const headings: Readonly<Record<IncidentNotificationKind, (schedule: ResumeSchedule) => string>> = {
  'left disabled': () =>
    'Still disabled, because the pipeline has lost its tag since. Enable the transition by hand when you want to deploy:',
  passed: () => 'These deployments passed the gate before the incident was known. Check whether they work:',
  disabled: (schedule) =>
    `These transitions are disabled. You need to do nothing: each is enabled again when the checks have been clear for ${coolDownRange(schedule)}, unless somebody changes it. To enable one now:`,
  over: () => 'Over: these deployments passed the gate before it. You need to do nothing:',
  enabled: () => 'Enabled again. The gate checks each deployment that enters:',
};

function entry(notification: IncidentNotification): string {
  const { executionId, kind, passedAt = 0, pipeline, stage } = notification;
  const place = `- ${pipeline}, stage ${stage}`;
  switch (kind) {
    case 'passed':
    case 'over':
      return `${place}: execution ${executionId}, passed ${formatIso(passedAt)}`;
    case 'enabled':
      return place;
    case 'disabled':
    case 'left disabled':
      return `${place}: aws codepipeline enable-stage-transition --pipeline-name ${pipeline} --stage-name ${stage} --transition-type Inbound`;
  }
}
