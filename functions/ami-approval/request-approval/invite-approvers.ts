import { updateRecord } from '#shared/aws/update-record.ts';
import { sendChat } from '#shared/chat.ts';
import { mapLimit } from '#shared/concurrency.ts';
import { RetryableError } from '#shared/errors.ts';
import { sendMail } from '#shared/mail.ts';
import type { RequestContext } from '../context.ts';
import { type ApprovalRecord, type Approver, keyOfRecord } from '../domain/approval-record.ts';
import { approverTopicArn } from '../domain/approver-topic.ts';
import type { OpenedRequest } from '../domain/invitations.ts';
import { remindedChat, requestOpenedChat } from '../messages/chat.ts';
import { invitationMail } from '../messages/mail.ts';

interface RefusedMail {
  readonly hash: string;
  readonly error: unknown;
}

/**
 * Mails each approver a personal link. The record has the hashes already, so a crash in between loses a mail and never
 * sends two. A mail that SNS refused is sent again with a new link.
 */
export async function inviteApprovers(
  context: RequestContext,
  { record, tokens, findings, mails }: OpenedRequest,
): Promise<void> {
  const { config, invocation } = context;
  const refused: RefusedMail[] = [];
  await mapLimit([...tokens], 5, async ([approver, { token, hash }]) => {
    const link = `${config.linkBase}/approvals/${record.image}/${token}`;
    const isReminder = mails === 'reminders';
    const mail = invitationMail({ record, approver, link, findings, now: invocation.now(), isReminder });
    const topicArn = approverTopicArn(config.approverTopics, approver);
    const ids = { imageArn: record.subject.imageArn, approver };
    const result = await sendMail(topicArn, mail, invocation, ids);
    if (result.outcome === 'refused') refused.push({ hash, error: result.error });
  });
  await notifyChat(context, { record, mails });
  if (refused.length === 0) return;
  await removeHashes(
    context,
    record,
    refused.map(({ hash }) => hash),
  );
  const message = `SNS refused ${refused.length} of ${tokens.size} ${mails}, so they will be sent again`;
  throw new RetryableError(message, { cause: refused[0]?.error });
}

/** Writes to chat once what the mails say, also if SNS refused some of them: their next attempt is not written. */
async function notifyChat(
  { config, invocation }: RequestContext,
  { record, mails }: Pick<OpenedRequest, 'record' | 'mails'>,
): Promise<void> {
  if (mails === 'missing invitations') return;
  const toMessage = mails === 'reminders' ? remindedChat : requestOpenedChat;
  await sendChat(config, [toMessage(record, invocation.now())], invocation);
}

/** Makes the links of unsent mails invalid, so that the next attempt creates new ones. */
async function removeHashes(
  { table }: RequestContext,
  record: ApprovalRecord,
  hashes: readonly string[],
): Promise<void> {
  const isRefused = (hash: string | undefined): boolean => hash !== undefined && hashes.includes(hash);
  await updateRecord<ApprovalRecord>(
    table,
    keyOfRecord(record),
    (known) => {
      if (!known?.approvers.some((one) => isRefused(one.tokenHash) || isRefused(one.reminderHash)))
        return undefined;
      return { ...known, approvers: known.approvers.map((one) => withoutHashes(one, isRefused)) };
    },
    { known: record },
  );
}

/** The link of a refused reminder goes, the link of the invitation stays. */
function withoutHashes(approver: Approver, isRefused: (hash: string | undefined) => boolean): Approver {
  const { address, tokenHash } = approver;
  if (isRefused(tokenHash)) return { address };
  return isRefused(approver.reminderHash)
    ? { address, ...(tokenHash !== undefined && { tokenHash }) }
    : approver;
}
