import { type RecordTable, updateRecord } from '#shared/aws/update-record.ts';
import { type NotificationTopics, sendNotification } from '#shared/chat.ts';
import type { Invocation } from '#shared/invocation.ts';
import { keyOfRecord } from './domain/approval-record.ts';
import type { ApproverSubscription } from './domain/approver-subscription.ts';
import { type SubscriptionChanges, subscriptionsMail } from './messages/subscription-mail.ts';

/** Who else was subscribed to the topic of an approver. */
export interface FoundOthers {
  readonly record: ApproverSubscription;
  readonly others: string;
}

interface OnCallNews extends Omit<SubscriptionChanges, 'others'> {
  readonly others: readonly FoundOthers[];
}

interface NotifyContext {
  readonly config: NotificationTopics;
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
  news: OnCallNews,
): Promise<unknown> {
  const approvers = [...news.unreachable, ...news.others.map(({ record }) => record)].map(
    ({ address }) => address,
  );
  const others = news.others.map((one) => `${one.others}, from the topic of ${one.record.address}`);
  const mail = subscriptionsMail({ ...news, others });
  const result = await sendNotification(config, mail, invocation, { approvers });
  if (result.outcome !== 'refused') return undefined;
  for (const notified of news.unreachable) {
    await updateRecord<ApproverSubscription>(
      table,
      keyOfRecord(notified),
      (known) => (known?.mailStatus === 'claimed' ? { ...known, mailStatus: 'due' } : undefined),
      { known: notified },
    );
  }
  for (const { record, others: othersDue } of news.others) {
    await updateRecord<ApproverSubscription>(
      table,
      keyOfRecord(record),
      (known) => known && { ...known, othersDue },
      { known: record },
    );
  }
  return result.error;
}
