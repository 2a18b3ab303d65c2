import { type Approval, approvalsOf, votesOf } from './approval.ts';
import { describeSpan, describeTime } from './times.ts';

/** How a request stands, in the words of its page. */
export interface Standing {
  readonly title: string;
  /** The first is the state itself. */
  readonly lines: readonly string[];
  readonly tone: 'calm' | 'good' | 'bad';
  /** The viewer may vote. */
  readonly isOpen: boolean;
  readonly isOver: boolean;
}

export function standingOf(record: Approval, who: string, now: number): Standing {
  const { subject, status } = record;
  const name = `${subject.name} ${subject.version}`;
  if (status === 'pending' && now < record.expiresAt) return pending(record, who, now);
  switch (status) {
    case 'approved':
      return underWay(record, name);
    case 'shared':
      return over(
        `${name} is shared`,
        [`Approved by ${list(approvalsOf(record))}, and shared with all of the below.`],
        'good',
      );
    case 'resumed':
      return over(`${name}: its workflow goes on`, [`Approved by ${list(approvalsOf(record))}.`], 'good');
    case 'rejected':
      return over(`${name} was rejected`, rejection(record), 'bad');
    case 'failed':
      return over(
        `${name} was approved, but could not be ${subject.gate ? 'resumed' : 'shared'}`,
        [`${record.why ?? 'Nobody knows why'}.`],
        'bad',
      );
    case 'outdated':
      return over(
        `${name} is no longer what was asked about`,
        [`It was not shared: ${record.why ?? 'it changed'}. You are asked again by a new mail.`],
        'bad',
      );
    case 'pending':
    case 'expired':
      return over(
        `Too late for ${name}`,
        [`Nobody decided by ${describeTime(record.expiresAt)}: it was not approved.`],
        'bad',
      );
  }
}

function pending(record: Approval, who: string, now: number): Standing {
  const { subject, expiresAt, required } = record;
  const missing = required - approvalsOf(record).length;
  const left = `Open until ${describeTime(expiresAt)}, ${describeSpan(expiresAt - now)} from now.`;
  const votes = `${missing === 1 ? 'One more approval is' : `${missing} more approvals are`} needed; one rejection rejects.`;
  const again = record.why === undefined ? [] : [`You are asked again: ${record.why}.`];
  if (votesOf(record).some((vote) => vote.who === who)) {
    return {
      title: `You approved ${subject.name} ${subject.version}`,
      lines: [`${votes} ${left}`],
      tone: 'good',
      isOpen: false,
      isOver: false,
    };
  }
  const title = subject.gate
    ? `Let ${subject.name} ${subject.version} go on after ${subject.gate.name}?`
    : `Approve ${subject.name} ${subject.version}?`;
  return { title, lines: [`${left} ${votes}`, ...again], tone: 'calm', isOpen: true, isOver: false };
}

function underWay({ subject, ...record }: Approval, name: string): Standing {
  const next = subject.gate ? 'Its workflow is being resumed' : 'It is being shared';
  return {
    title: `${name} is approved`,
    lines: [`Approved by ${list(approvalsOf(record))}. ${next}; load this page again to see how it went.`],
    tone: 'good',
    isOpen: false,
    isOver: false,
  };
}

function rejection(record: Approval): string[] {
  const vote = votesOf(record).find(({ what }) => what === 'reject');
  return [
    vote ? `${vote.who} rejected it: “${vote.why ?? ''}”` : 'It was rejected.',
    ...(record.why ? [`${record.why}.`] : []),
  ];
}

function over(title: string, lines: readonly string[], tone: Standing['tone']): Standing {
  return { title, lines, tone, isOpen: false, isOver: true };
}

function list(addresses: readonly string[]): string {
  return addresses.join(', ');
}
