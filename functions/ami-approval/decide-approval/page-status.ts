import { formatDuration, formatTime } from '#shared/time.ts';
import { type ApprovalRecord, approvalsOf, votesOf } from '../domain/approval-record.ts';
import { isInitiator } from '../domain/approval-transitions.ts';

/** How a request stands, as text for its page. */
export interface PageStatus {
  readonly title: string;
  /** The first line is the status itself. */
  readonly lines: readonly string[];
  readonly tone: 'calm' | 'good' | 'bad';
  /** Open for votes. A page that is not open shows only how the request ended. */
  readonly isOpen: boolean;
  readonly canApprove: boolean;
}

type StatusText = Pick<PageStatus, 'title' | 'lines' | 'tone'>;

/** @param approver whose page it is */
export function pageStatusOf(record: ApprovalRecord, approver: string, now: number): PageStatus {
  const isOpen = record.status === 'pending' && now < record.expiresAt;
  const hasVoted = votesOf(record).some(({ who }) => who === approver);
  return {
    ...(isOpen ? pendingText(record, hasVoted, now) : closedText(record)),
    isOpen,
    canApprove: isOpen && !hasVoted && !isInitiator(record, approver),
  };
}

function pendingText(record: ApprovalRecord, hasVoted: boolean, now: number): StatusText {
  const { expiresAt, required, subject } = record;
  const { workflowStep } = subject;
  const name = nameOf(record);
  const given = approvalsOf(record).length;
  const deadline = `Open until ${formatTime(expiresAt)} (${formatDuration(expiresAt - now)} left).`;
  const votes = `${formatNeeded(required - given, given > 0)} needed. A single rejection rejects it.`;
  if (hasVoted) {
    const lines = [`${votes} ${deadline}`, 'Until it is decided, you can still reject it.'];
    return { title: `You approved ${name}`, lines, tone: 'good' };
  }
  return {
    title: workflowStep ? `Let ${name} continue after ${workflowStep.name}?` : `Approve ${name}?`,
    lines: [
      `${deadline} ${votes}`,
      ...(workflowStep ? ['If approved, the workflow continues. If rejected, it stops.'] : []),
    ],
    tone: 'calm',
  };
}

function formatNeeded(count: number, isMore: boolean): string {
  const more = isMore ? ' more' : '';
  return count === 1 ? `One${more} approval is` : `${count}${more} approvals are`;
}

function closedText(record: ApprovalRecord): StatusText {
  const { expiresAt, status, subject, why } = record;
  const name = nameOf(record);
  const approvedBy = `Approved by ${approvalsOf(record).join(', ')}.`;
  switch (status) {
    case 'approved': {
      const next = subject.workflowStep ? 'Its workflow is being resumed.' : 'It is being shared.';
      const lines = [`${approvedBy} ${next} Reload this page to see the result.`];
      return { title: `${name} is approved`, lines, tone: 'good' };
    }
    case 'shared':
      return {
        title: `${name} is shared`,
        lines: [`${approvedBy} It is shared with all targets.`],
        tone: 'good',
      };
    case 'resumed':
      return { title: `${name} continues`, lines: [`${approvedBy} Its workflow was resumed.`], tone: 'good' };
    case 'rejected':
      return { title: `${name} was rejected`, lines: rejectedLines(record), tone: 'bad' };
    case 'failed':
      return {
        title: `${name} was approved, but ${failedEffect(record)}`,
        lines: [asSentence(why ?? 'the reason is unknown')],
        tone: 'bad',
      };
    case 'cancelled': {
      const effect = subject.workflowStep ? 'Its workflow step was not answered' : 'Nothing was shared';
      return {
        title: `The request about ${name} was cancelled`,
        lines: [`${effect}: ${why ?? 'the reason is unknown'}.`],
        tone: 'bad',
      };
    }
    case 'outdated': {
      const lines = [`Nothing was done: ${why ?? 'it changed'}. A new email with a new link follows.`];
      return { title: `${name} has changed since this request`, lines, tone: 'bad' };
    }
    case 'pending':
    case 'expired':
      return {
        title: `Too late to decide about ${name}`,
        lines: expiredLines(expiresAt, status, why),
        tone: 'bad',
      };
  }
}

function failedEffect({ subject, shares }: ApprovalRecord): string {
  if (subject.workflowStep) return 'its workflow was not resumed';
  const isPartlyShared = Object.values(shares).some(({ result }) => result === 'shared');
  return isPartlyShared ? 'only partly shared' : 'not shared';
}

function expiredLines(expiresAt: number, status: 'pending' | 'expired', why: string | undefined): string[] {
  const expired = `It was not decided by ${formatTime(expiresAt)}, so it is not approved.`;
  // While it is pending, `why` says why approval was requested again.
  return status === 'pending' || why === undefined ? [expired] : [expired, asSentence(why)];
}

function rejectedLines(record: ApprovalRecord): string[] {
  const vote = votesOf(record).find(({ what }) => what === 'reject');
  return [
    vote ? `${vote.who} rejected it: “${vote.why ?? ''}”` : 'It was rejected.',
    ...(record.why === undefined ? [] : [asSentence(record.why)]),
  ];
}

function asSentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function nameOf({ subject }: ApprovalRecord): string {
  return `${subject.name} ${subject.version}`;
}
