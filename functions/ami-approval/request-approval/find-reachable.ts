import { updateRecord } from '#shared/aws/update-record.ts';
import { mapLimit } from '#shared/concurrency.ts';
import { listApproverSubscriptions } from '../aws/approvals-table.ts';
import { listSubscriptions } from '../aws/sns.ts';
import type { RequestContext } from '../context.ts';
import type { RoundInput } from '../domain/approval-transitions.ts';
import {
  type ApproverSubscription,
  isReachable,
  noteStatus,
  type ObservedTopic,
  observeTopic,
  subscriptionKeyOf,
} from '../domain/approver-subscription.ts';
import { approverTopicArn } from '../domain/approver-topic.ts';
import { notifyOnCall } from '../notify-on-call.ts';

interface Observed {
  readonly address: string;
  readonly topic: ObservedTopic;
}

/**
 * Asks SNS who of these approvers gets mails now, and nobody else with them. The others get their links when they have
 * confirmed. On-call hears at once about everybody who got mails before and does not any more.
 */
export async function findReachable(
  context: RequestContext,
  { approvers, required }: Pick<RoundInput, 'approvers' | 'required'>,
): Promise<(address: string) => boolean> {
  const { config, invocation } = context;
  const observed = await mapLimit(approvers, 5, async ({ address }): Promise<Observed> => {
    const listed = await listSubscriptions(
      approverTopicArn(config.approverTopics, address),
      invocation.signal,
    );
    return { address, topic: observeTopic(address, listed) };
  });
  const reachable = observed.filter(({ topic }) => isReachable(topic));
  if (reachable.length < observed.length)
    await noteUnreachable(context, observed, { required, reachable: reachable.length });
  const addresses = new Set(reachable.map(({ address }) => address));
  return (address) => addresses.has(address);
}

async function noteUnreachable(
  context: RequestContext,
  observed: readonly Observed[],
  quorum: { readonly required: number; readonly reachable: number },
): Promise<void> {
  const { invocation, table } = context;
  const records = await listApproverSubscriptions(table);
  const unreachable: ApproverSubscription[] = [];
  for (const { address, topic } of observed) {
    const known = records.find(({ part }) => part === subscriptionKeyOf(address).part);
    const draft = noteStatus(known, address, topic, invocation.now());
    if (draft?.mailStatus === undefined) continue;
    const { record, wrote } = await updateRecord<ApproverSubscription>(
      table,
      subscriptionKeyOf(address),
      (current) => (current?.revision === known?.revision ? draft : undefined),
      { known },
    );
    if (wrote && record) unreachable.push(record);
  }
  if (unreachable.length > 0) await notifyOnCall(context, { unreachable, others: [], ...quorum });
}
