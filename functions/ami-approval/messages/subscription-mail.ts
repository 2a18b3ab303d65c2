import type { Notification } from '#shared/chat.ts';
import type { ApproverSubscription } from '../domain/approver-subscription.ts';

export interface SubscriptionChanges {
  /** Approvers whose subscription is not confirmed, or exists no more. */
  readonly unreachable: readonly ApproverSubscription[];
  /** Who else was subscribed to the topic of an approver, as text. */
  readonly others: readonly string[];
  readonly required: number;
  readonly reachable: number;
}

/** For on-call: some approvers cannot get their links. */
export function subscriptionsMail({
  unreachable,
  others,
  required,
  reachable,
}: SubscriptionChanges): Notification {
  const lines = [
    ...(unreachable.length === 0 ? [] : unreachableLines(unreachable)),
    ...(others.length === 0 ? [] : otherLines(others)),
    reachable < required
      ? `NOTHING CAN BE APPROVED NOW: ${required} approvals are needed, and ${reachable} approvers can get links.`
      : `${reachable} approvers can get links, and ${required} approvals are needed.`,
    'See "An approver got no mail" in docs/operating.md.',
  ];
  const subject = subjectOf(unreachable.length, others.length);
  const text = lines.join('\n');
  return { subject, text, chat: [{ title: subject, text, thread: 'ami-approval approvers' }] };
}

function subjectOf(unreachable: number, others: number): string {
  if (others > 0) return 'AMI approvals: somebody else was subscribed to the topic of an approver';
  return `AMI approvals: ${unreachable === 1 ? 'an approver' : `${unreachable} approvers`} cannot get mails`;
}

function unreachableLines(unreachable: readonly ApproverSubscription[]): string[] {
  return [
    'These approvers get no links, so they cannot vote. Ask each to open the mail "AWS Notification - Subscription',
    'Confirmation" and to confirm. Links of open requests follow within ten minutes.',
    '',
    ...unreachable.map(({ address, status }) => `  ${address} ${reasons[status]}`),
    '',
  ];
}

const reasons: Readonly<Record<ApproverSubscription['status'], string>> = {
  pending: 'has not confirmed the subscription.',
  gone: 'is unsubscribed: they, or a scanner of their mail, followed the unsubscribe link. AWS mails a new link to confirm.',
  confirmed: 'has confirmed the subscription.',
  left: 'is no longer an approver.',
};

function otherLines(others: readonly string[]): string[] {
  return [
    'Somebody changed the policy of a topic and subscribed others to the links of an approver. They were removed:',
    '',
    ...others.map((one) => `  ${one}`),
    '',
    'Find out who did it (CloudTrail, event Subscribe), and check the votes of this approver.',
    '',
  ];
}
