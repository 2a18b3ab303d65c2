import { updateRecord } from '#shared/aws/update-record.ts';
import { sendChat } from '#shared/chat.ts';
import { mapLimit } from '#shared/concurrency.ts';
import { hasName, RetryableError } from '#shared/errors.ts';
import { sendMail } from '#shared/mail.ts';
import type { ExecuteContext } from '../context.ts';
import { type ApprovalRecord, keyOfRecord } from '../domain/approval-record.ts';
import { markMailDue } from '../domain/approval-transitions.ts';
import { approverTopicArn } from '../domain/approver-topic.ts';
import { closingRecipients, OWNERS } from '../domain/closing-recipients.ts';
import { requestClosedChat } from '../messages/chat.ts';
import { imageSharedMail, requestClosedMail } from '../messages/mail.ts';

/** Notifies everybody who should know how the request ended, and chat. The record says already that the mails were sent. */
export async function sendClosingMail(context: ExecuteContext, closed: ApprovalRecord): Promise<void> {
  const refused: string[] = [];
  let cause: unknown;
  await mapLimit(closed.mailDue ?? closingRecipients(closed), 5, async (recipient) => {
    const error =
      recipient === OWNERS
        ? await mailOwners(context, closed)
        : await mailApprover(context, closed, recipient);
    if (error === undefined) return;
    refused.push(recipient);
    cause = error;
  });
  // Later attempts only send the mails that SNS refused.
  if (closed.mailDue === undefined)
    await sendChat(context.config, [requestClosedChat(closed)], context.invocation);
  if (refused.length > 0) await sendLater(context, closed, refused.sort(), cause);
}

/** @returns the error with which SNS refused the mail */
async function mailOwners({ config, invocation }: ExecuteContext, closed: ApprovalRecord): Promise<unknown> {
  const ids = { imageArn: closed.subject.imageArn };
  const result = await sendMail(config.ownerTopicArn, imageSharedMail(closed), invocation, ids);
  return result.outcome === 'refused' ? result.error : undefined;
}

/** @returns the error with which SNS refused the mail */
async function mailApprover(
  { config, invocation }: ExecuteContext,
  closed: ApprovalRecord,
  approver: string,
): Promise<unknown> {
  const ids = { imageArn: closed.subject.imageArn, approver };
  const topicArn = approverTopicArn(config.approverTopics, approver);
  const result = await sendMail(topicArn, requestClosedMail(closed), invocation, ids);
  // An approver without a topic has never confirmed anything, or has left.
  if (result.outcome !== 'refused' || hasName(result.error, 'NotFoundException', 'NotFound'))
    return undefined;
  return result.error;
}

async function sendLater(
  { table }: ExecuteContext,
  closed: ApprovalRecord,
  refused: readonly string[],
  cause: unknown,
): Promise<never> {
  await updateRecord<ApprovalRecord>(
    table,
    keyOfRecord(closed),
    (known) => known && markMailDue(known, refused),
    { known: closed },
  );
  throw new RetryableError('SNS refused the mail about a closed request, so it will be sent again', {
    cause,
  });
}
