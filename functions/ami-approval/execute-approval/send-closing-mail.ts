import { updateRecord } from '#shared/aws/update-record.ts';
import { mapLimit } from '#shared/concurrency.ts';
import { hasName, RetryableError } from '#shared/errors.ts';
import { sendMail } from '#shared/mail.ts';
import type { ExecuteContext } from '../context.ts';
import { type ApprovalRecord, keyOfRecord } from '../domain/approval-record.ts';
import { markMailDue } from '../domain/approval-transitions.ts';
import { approverTopicArn } from '../domain/approver-topic.ts';
import { imageSharedMail, requestClosedMail } from '../messages/mail.ts';

/** Mails the owners of the targets or the approvers. The record says already that the mails were sent. */
export async function sendClosingMail(context: ExecuteContext, closed: ApprovalRecord): Promise<void> {
  if (closed.status === 'resumed') return; // the workflow itself shows that it continues
  if (closed.status === 'shared') return mailOwners(context, closed);
  const addresses = closed.mailDue ?? closed.approvers.map(({ address }) => address);
  const refused: string[] = [];
  let cause: unknown;
  await mapLimit(addresses, 5, async (approver) => {
    const error = await mailApprover(context, closed, approver);
    if (error === undefined) return;
    refused.push(approver);
    cause = error;
  });
  if (refused.length > 0) await sendLater(context, closed, cause, refused.sort());
}

async function mailOwners({ config, ...context }: ExecuteContext, closed: ApprovalRecord): Promise<void> {
  const ids = { imageArn: closed.subject.imageArn };
  const result = await sendMail(config.ownerTopicArn, imageSharedMail(closed), context.invocation, ids);
  if (result.outcome === 'refused') await sendLater({ config, ...context }, closed, result.error);
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
  cause: unknown,
  addresses?: readonly string[],
): Promise<never> {
  await updateRecord<ApprovalRecord>(
    table,
    keyOfRecord(closed),
    (known) => known && markMailDue(known, addresses),
    { known: closed },
  );
  throw new RetryableError('SNS refused the mail about a closed request, so it will be sent again', {
    cause,
  });
}
