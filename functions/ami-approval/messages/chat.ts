import type { ChatMessage } from '#shared/chat.ts';
import { formatDuration, formatTime } from '#shared/time.ts';
import { type ApprovalRecord, approvalsOf, votesOf } from '../domain/approval-record.ts';
import { stripFormatCharacters } from '../domain/plain-text.ts';
import type { Draft } from '../domain/record-key.ts';
import { buildName, outcomeLines, outcomeTitle, whatWaits } from './mail.ts';

// For a channel that more people read than may vote, so nothing here has a link to the page.

/** Everything about one image build is one thread, its failure and all rounds. */
export function imageThread(imageArn: string): string {
  return `ami-approval ${imageArn}`;
}

/** Who is asked, and until when. */
export function requestOpenedChat(record: Draft<ApprovalRecord>, now: number): ChatMessage {
  const { approvers, expiresAt, required, round, subject } = record;
  const asked = approvers.flatMap(({ address, tokenHash }) => (tokenHash === undefined ? [] : [address]));
  const others = approvers.flatMap(({ address, tokenHash }) => (tokenHash === undefined ? [address] : []));
  const again = record.history.findLast(({ what }) => what === 'asked');
  return message(
    record,
    `Approval requested${round === 1 ? '' : `, round ${round}`}: ${buildName(subject)}`,
    [
      whatWaits(subject),
      ...(again?.why === undefined
        ? []
        : [`Asked again${again.who === undefined ? '' : ` by ${again.who}`}: ${again.why}.`]),
      `It needs ${required} of ${approvers.length} approvals by ${formatTime(expiresAt)} (in ${formatDuration(expiresAt - now)}).`,
      `Asked: ${asked.join(', ') || 'nobody'}.`,
      ...(others.length === 0
        ? []
        : [`Not asked, because their subscriptions are not confirmed: ${others.join(', ')}.`]),
    ],
  );
}

/** Half of the time is over, and these people have not voted. */
export function remindedChat(record: Draft<ApprovalRecord>, now: number): ChatMessage {
  const { approvers, expiresAt, required, subject } = record;
  const voted = new Set(votesOf(record).map(({ who }) => who));
  const silent = approvers.map(({ address }) => address).filter((address) => !voted.has(address));
  return message(record, `Not decided yet: ${buildName(subject)}`, [
    `Half of the time to decide is over. It ends at ${formatTime(expiresAt)} (in ${formatDuration(expiresAt - now)}).`,
    `${approvalsOf(record).length} of ${required} approvals are there. No vote yet: ${silent.join(', ')}.`,
  ]);
}

/** How a request ended. */
export function requestClosedChat(record: Draft<ApprovalRecord>): ChatMessage {
  return message(record, outcomeTitle(record), outcomeLines(record));
}

function message({ subject }: Draft<ApprovalRecord>, title: string, lines: readonly string[]): ChatMessage {
  return {
    title: stripFormatCharacters(title),
    text: stripFormatCharacters(lines.join('\n')),
    thread: imageThread(subject.imageArn),
  };
}
