import { updateRecord } from '#shared/aws/update-record.ts';
import { mapLimit } from '#shared/concurrency.ts';
import { addCount } from '#shared/metrics.ts';
import { listApproverSubscriptions } from '../aws/approvals-table.ts';
import {
  createTopic,
  deleteTopic,
  listSubscriptions,
  setTopicSettings,
  subscribeMailbox,
  unsubscribe,
} from '../aws/sns.ts';
import type { SweepContext } from '../context.ts';
import { keyOfRecord } from '../domain/approval-record.ts';
import {
  type ApproverSubscription,
  decideUpkeep,
  isReachable,
  type ListedSubscription,
  markLeft,
  type ObservedTopic,
  observeTopic,
  subscriptionKeyOf,
  type Upkeep,
} from '../domain/approver-subscription.ts';
import { approverTopicArn, hashSettings, topicSettingsFor } from '../domain/approver-topic.ts';
import type { Draft } from '../domain/record-key.ts';
import { type FoundOthers, notifyOnCall } from '../notify-on-call.ts';

/** The state of all subscriptions after a sweep. */
export interface KeptSubscriptions {
  /** The addresses that get mails, in lower case. */
  readonly reachable: ReadonlySet<string>;
  /** What failed. The next sweep does it again. */
  readonly failures: readonly unknown[];
}

interface Kept {
  readonly address: string;
  readonly isReachable: boolean;
  /** The record, if on-call is to hear that the approver gets no mails. */
  readonly unreachable?: ApproverSubscription;
  /** Who else was subscribed, if on-call is to hear about it. */
  readonly others?: FoundOthers;
  /** What failed after the record said already that on-call was notified. */
  readonly failure?: unknown;
}

/**
 * Gives each approver a topic with one subscription, keyed by the address, so nobody who stays is ever unsubscribed.
 * Deletes the topics of those who left, and notifies on-call once about each who cannot get mails.
 */
export async function keepSubscriptions(
  context: SweepContext,
  isWaitedFor: boolean,
): Promise<KeptSubscriptions> {
  const { invocation, settings, table } = context;
  const records = await listApproverSubscriptions(table);
  const failures: unknown[] = [];
  const attempt = <T>(work: Promise<T>, approver: string): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      invocation.logger.error('approver subscription not kept', { approver, error });
      failures.push(error);
      return undefined;
    });
  const current = await mapLimit(settings.approvers, 5, (address) => {
    const known = records.find(({ part }) => part === subscriptionKeyOf(address).part);
    return attempt(keepSubscription(context, { address, known, isWaitedFor }), address);
  });
  const departed = findDeparted(records, settings.approvers);
  await mapLimit(departed, 5, (one) => attempt(removeTopic(context, one), one.address));
  const kept = current.filter((one) => one !== undefined);
  failures.push(...kept.flatMap(({ failure }) => failure ?? []));
  const reachable = new Set(kept.flatMap((one) => (one.isReachable ? [one.address.toLowerCase()] : [])));
  addCount(invocation.metrics, 'ApproverUnconfirmed', settings.approvers.length - reachable.size);
  const refusal = await reportChanges(context, kept, reachable.size);
  return { reachable, failures: refusal === undefined ? failures : [...failures, refusal] };
}

interface Approver {
  readonly address: string;
  readonly known: ApproverSubscription | undefined;
  readonly isWaitedFor: boolean;
}

async function keepSubscription(context: SweepContext, approver: Approver): Promise<Kept> {
  const { config, invocation } = context;
  const { now, signal } = invocation;
  const { address, known, isWaitedFor } = approver;
  const topicArn = approverTopicArn(config.approverTopics, address);
  const observed = observeTopic(address, await listSubscriptions(topicArn, signal));
  const topicSettings = await keepTopic(context, approver, observed);
  const upkeep = decideUpkeep(known, observed, { address, topicSettings, isWaitedFor, now: now() });
  const result = { address, isReachable: isReachable(observed) };
  const record = upkeep.draft && (await claim(context, approver, upkeep.draft));
  // Another invocation that claimed the change also carries it out.
  if (upkeep.draft && !record) return result;
  const failure = await changeSubscriptions(context, approver, { observed, upkeep });
  return { ...result, ...(record && newsOf(record, known)), ...(failure !== undefined && { failure }) };
}

/** The mail to on-call, now that the record says that they were notified. */
function newsOf(
  record: ApproverSubscription,
  known: ApproverSubscription | undefined,
): Pick<Kept, 'unreachable' | 'others'> {
  const found = record.others === known?.others ? undefined : record.others;
  const others = found ?? known?.othersDue;
  const isNews = record.status !== known?.status || known.mailStatus === 'due';
  return {
    ...(isNews && record.mailStatus === 'claimed' && { unreachable: record }),
    ...(others !== undefined && { others: { record, others } }),
  };
}

interface Change {
  readonly observed: ObservedTopic;
  readonly upkeep: Upkeep;
}

/** @returns the error, because on-call must hear of the claimed change in any case */
async function changeSubscriptions(
  context: SweepContext,
  { address }: Approver,
  { observed, upkeep: { draft, subscribes } }: Change,
): Promise<unknown> {
  const { config, invocation } = context;
  try {
    await removeOthers(context, address, observed.others);
    if (subscribes)
      await subscribeMailbox(approverTopicArn(config.approverTopics, address), address, invocation.signal);
    if (draft) {
      const fields = { approver: address, status: draft.status, confirmationSent: subscribes };
      invocation.logger.info('approver subscription kept', fields);
    }
    return undefined;
  } catch (error) {
    invocation.logger.error('approver subscription not kept', { approver: address, error });
    return error;
  }
}

/** @returns the hash of the settings that the topic has now */
async function keepTopic(
  { config, invocation: { signal } }: SweepContext,
  { address, known }: Approver,
  { exists, others }: ObservedTopic,
): Promise<string> {
  const settings = topicSettingsFor(address, config.approverTopics);
  const hash = hashSettings(settings);
  const topicArn = approverTopicArn(config.approverTopics, address);
  if (!exists) await createTopic(topicArn, settings, signal);
  // Others can only subscribe after somebody has changed the policy.
  else if (known?.topicSettings !== hash || others.length > 0)
    await setTopicSettings(topicArn, settings, signal);
  return hash;
}

/** @returns undefined if another invocation wrote the record since it was read */
async function claim(
  { table }: SweepContext,
  { address, known }: Approver,
  draft: Draft<ApproverSubscription>,
): Promise<ApproverSubscription | undefined> {
  const { record, wrote } = await updateRecord<ApproverSubscription>(
    table,
    subscriptionKeyOf(address),
    (current) => (current?.revision === known?.revision ? draft : undefined),
    { known },
  );
  return wrote ? record : undefined;
}

/** Another subscriber who has not confirmed has no ARN, gets nothing, and goes after two days. */
async function removeOthers(
  { invocation: { logger, signal } }: SweepContext,
  approver: string,
  others: readonly ListedSubscription[],
): Promise<void> {
  for (const { arn, endpoint, protocol } of others) {
    logger.error('another subscription found on the topic of an approver', { approver, endpoint, protocol });
    if (arn !== undefined) await unsubscribe(arn, signal);
  }
}

function findDeparted(
  records: readonly ApproverSubscription[],
  approvers: readonly string[],
): ApproverSubscription[] {
  const current = new Set(approvers.map((address) => subscriptionKeyOf(address).part));
  return records.filter(({ part, status }) => status !== 'left' && !current.has(part));
}

async function removeTopic(
  { config, invocation, table }: SweepContext,
  departed: ApproverSubscription,
): Promise<void> {
  const { logger, now, signal } = invocation;
  await deleteTopic(approverTopicArn(config.approverTopics, departed.address), signal);
  await updateRecord<ApproverSubscription>(
    table,
    keyOfRecord(departed),
    (current) => (current?.revision === departed.revision ? markLeft(departed, now()) : undefined),
    { known: departed },
  );
  logger.info('approver removed', { approver: departed.address });
}

/** @returns the error with which SNS refused the mail */
async function reportChanges(
  context: SweepContext,
  kept: readonly Kept[],
  reachable: number,
): Promise<unknown> {
  const unreachable = kept.flatMap((one) => one.unreachable ?? []);
  const others = kept.flatMap((one) => one.others ?? []);
  if (unreachable.length + others.length === 0) return undefined;
  const { required } = context.config;
  return notifyOnCall(context, { unreachable, others, required, reachable });
}
