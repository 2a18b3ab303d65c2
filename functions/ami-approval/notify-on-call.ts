import { type RecordTable, updateRecord } from '#shared/aws/update-record.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sendMail } from '#shared/mail.ts';
import { keyOfRecord } from './domain/approval-record.ts';
import type { ApproverSubscription } from './domain/approver-subscription.ts';
import { type SubscriptionChanges, subscriptionsMail } from './messages/subscription-mail.ts';

interface NotifyContext {
  readonly config: { readonly topicArn: string };
  readonly invocation: Invocation;
  readonly table: RecordTable;
}

/**
 * Mails on-call about approvers who cannot be reached. Their records say already that the mail was sent.
 *
 * @returns the error with which SNS refused the mail, which the next sweep sends again
 */
export async function notifyOnCall(
  { config, invocation, table }: NotifyContext,
  changes: SubscriptionChanges,
): Promise<unknown> {
  const approvers = changes.unreachable.map(({ address }) => address);
  const result = await sendMail(config.topicArn, subscriptionsMail(changes), invocation, { approvers });
  if (result.outcome !== 'refused') return undefined;
  for (const notified of changes.unreachable) {
    await updateRecord<ApproverSubscription>(
      table,
      keyOfRecord(notified),
      (known) => (known?.mailStatus === 'claimed' ? { ...known, mailStatus: 'due' } : undefined),
      { known: notified },
    );
  }
  return result.error;
}
