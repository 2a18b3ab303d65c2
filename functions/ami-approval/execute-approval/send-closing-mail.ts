import { updateRecord } from '#shared/aws/update-record.ts';
import { RetryableError } from '#shared/errors.ts';
import { sendMail } from '#shared/mail.ts';
import type { ExecuteContext } from '../context.ts';
import { type ApprovalRecord, keyOfRecord } from '../domain/approval-record.ts';
import { markMailDue } from '../domain/approval-transitions.ts';
import { imageSharedMail, requestClosedMail } from '../messages/mail.ts';

/** Mails the owners of the targets or the approvers. The record says already that the mail was sent. */
export async function sendClosingMail(
  { config, invocation, table }: ExecuteContext,
  closed: ApprovalRecord,
): Promise<void> {
  if (closed.status === 'resumed') return; // the workflow itself shows that it continues
  const isShared = closed.status === 'shared';
  const topicArn = isShared ? config.ownerTopicArn : config.approverTopicArn;
  const mail = isShared ? imageSharedMail(closed) : requestClosedMail(closed);
  const result = await sendMail(topicArn, mail, invocation, { imageArn: closed.subject.imageArn });
  if (result.outcome !== 'refused') return;
  await updateRecord<ApprovalRecord>(table, keyOfRecord(closed), (known) => known && markMailDue(known), {
    known: closed,
  });
  throw new RetryableError('SNS refused the mail about a closed request, so it will be sent again', {
    cause: result.error,
  });
}
