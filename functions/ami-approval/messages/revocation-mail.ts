import type { Mail } from '#shared/mail.ts';
import type { ApprovalRecord } from '../domain/approval-record.ts';
import type { Draft } from '../domain/record-key.ts';

/** For all approvers: the links of one of them no longer work. */
export function linksRevokedMail({ history, round, subject }: Draft<ApprovalRecord>): Mail {
  const { who, why } = history.findLast(({ what }) => what === 'revoked') ?? {};
  const build = `${subject.name} ${subject.version}`;
  return {
    subject: `${build}: links revoked`.replace(/[^\x20-\x7e]+/g, '?').slice(0, 99),
    text: [
      `${who ?? 'Somebody'} revoked the links of an approver for ${build}, round ${round}.`,
      'Their links no longer work, and their approval does not count. Your own link works as before.',
      '',
      `Reason: ${why ?? 'none given'}`,
      '',
      subject.imageArn,
    ].join('\n'),
  };
}
