import { formatDuration, formatTime } from '#shared/time.ts';
import { type Approval, approvalsOf, votesOf } from '../domain/approval-record.ts';

/** How a request stands, in the words of its page. */
export interface Standing {
  readonly title: string;
  /** The first is the state itself. */
  readonly lines: readonly string[];
  readonly tone: 'calm' | 'good' | 'bad';
  /** The viewer may vote. */
  readonly isOpen: boolean;
  /** What stands over the list of those who get it. */
  readonly recipients: string;
}

type Said = Omit<Standing, 'isOpen' | 'recipients'>;

export function standingOf(record: Approval, who: string, now: number): Standing {
  const { status, subject, expiresAt } = record;
  const isPending = status === 'pending' && now < expiresAt;
  const isOpen = isPending && !votesOf(record).some((vote) => vote.who === who);
  return {
    ...(isPending ? pending(record, isOpen, now) : decided(record)),
    isOpen,
    recipients: recipientsOf(record, isPending, subject.gate !== undefined),
  };
}

function recipientsOf({ status }: Approval, isPending: boolean, isGate: boolean): string {
  if (isGate)
    return isPending
      ? 'If it goes on, its distribution settings give it to'
      : 'Its distribution settings give it to';
  if (isPending) return 'If it is approved, it is shared with';
  if (status === 'approved') return 'It is being shared with';
  return status === 'shared' ? 'Shared with' : 'It was to be shared with';
}

function pending(record: Approval, isOpen: boolean, now: number): Said {
  const { expiresAt, required, subject } = record;
  const name = nameOf(record);
  const given = approvalsOf(record).length;
  const left = `Open until ${formatTime(expiresAt)}, ${formatDuration(expiresAt - now)} from now.`;
  const votes = `${needed(required - given, given > 0)} needed; one rejection rejects.`;
  if (!isOpen) return { title: `You approved ${name}`, lines: [`${votes} ${left}`], tone: 'good' };
  const gate = subject.gate ? ['Approved, its workflow goes on; rejected, it stops.'] : [];
  const again = record.why === undefined ? [] : [`You are asked again: ${record.why}.`];
  const title = subject.gate ? `Let ${name} go on after ${subject.gate.name}?` : `Approve ${name}?`;
  return { title, lines: [`${left} ${votes}`, ...gate, ...again], tone: 'calm' };
}

function needed(count: number, isMore: boolean): string {
  const more = isMore ? ' more' : '';
  return count === 1 ? `One${more} approval is` : `${count}${more} approvals are`;
}

function decided(record: Approval): Said {
  const { status, subject, why } = record;
  const name = nameOf(record);
  const by = `Approved by ${approvalsOf(record).join(', ')}`;
  switch (status) {
    case 'approved': {
      const next = subject.gate ? 'Its workflow is being resumed' : 'It is being shared';
      return {
        title: `${name} is approved`,
        lines: [`${by}. ${next}; load this page again to see how it went.`],
        tone: 'good',
      };
    }
    case 'shared':
      return {
        title: `${name} is shared`,
        lines: [`${by}, and shared with all of the below.`],
        tone: 'good',
      };
    case 'resumed':
      return { title: `${name} goes on`, lines: [`${by}. Its workflow was resumed.`], tone: 'good' };
    case 'rejected':
      return { title: `${name} was rejected`, lines: rejection(record), tone: 'bad' };
    case 'failed':
      return {
        title: `${name} was approved, but could not be ${subject.gate ? 'resumed' : 'shared'}`,
        lines: [`${why ?? 'Nobody knows why'}.`],
        tone: 'bad',
      };
    case 'outdated':
      return {
        title: `${name} is no longer what was asked about`,
        lines: [`Nothing was done: ${why ?? 'it changed'}. You are asked again by a new mail.`],
        tone: 'bad',
      };
    case 'pending':
    case 'expired':
      return {
        title: `Too late for ${name}`,
        lines: [
          `Nobody decided by ${formatTime(record.expiresAt)}: it was not approved.`,
          ...(status === 'pending' || why === undefined ? [] : [`${why}.`]),
        ],
        tone: 'bad',
      };
  }
}

function rejection(record: Approval): string[] {
  const vote = votesOf(record).find(({ what }) => what === 'reject');
  return [
    vote ? `${vote.who} rejected it: “${vote.why ?? ''}”` : 'It was rejected.',
    ...(record.why === undefined ? [] : [`${record.why}.`]),
  ];
}

function nameOf({ subject }: Approval): string {
  return `${subject.name} ${subject.version}`;
}
