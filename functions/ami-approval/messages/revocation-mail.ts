import type { Notification } from '#shared/chat.ts';
import { subjectLine } from '#shared/mail-text.ts';
import type { ApprovalRecord } from '../domain/approval-record.ts';
import type { Draft } from '../domain/record-key.ts';
import { imageThread } from './chat.ts';
import { buildName } from './mail.ts';

/** For all approvers and chat: the links of one of them no longer work. */
export function linksRevokedMail({ history, round, subject }: Draft<ApprovalRecord>): Notification {
  const { who, why } = history.findLast(({ what }) => what === 'revoked') ?? {};
  const build = buildName(subject);
  const title = subjectLine(`${build}: links revoked`);
  const head = `${who ?? 'Somebody'} revoked the links of an approver for ${build}, round ${round}.`;
  const reason = `Reason: ${why ?? 'none given'}`;
  return {
    subject: title,
    text: [
      head,
      'Their links no longer work, and their approval does not count. Your own link works as before.',
      '',
      reason,
      '',
      subject.imageArn,
    ].join('\n'),
    chat: [{ title, text: `${head}\n${reason}`, thread: imageThread(subject.imageArn) }],
  };
}
