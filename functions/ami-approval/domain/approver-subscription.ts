import { sha256 } from '#shared/hash.ts';
import { HOUR_MS } from '#shared/time.ts';
import type { BuildRecordKey, Draft } from './record-key.ts';

/** pending: not confirmed yet. gone: was confirmed, and exists no more. left: no longer an approver. */
type SubscriptionStatus = 'pending' | 'confirmed' | 'gone' | 'left';

/** What the wing knows about the mailbox of one approver. SNS is the truth; this says what has been done, and of what people were notified. */
export interface ApproverSubscription extends BuildRecordKey {
  readonly revision: string;
  readonly address: string;
  readonly status: SubscriptionStatus;
  /** Since when it has this status. */
  readonly since: number;
  /** When SNS was last asked to mail the link that confirms it. Undefined once it is confirmed. */
  readonly askedAt?: number;
  /** Others who were subscribed to the topic at the last look, comma-separated. */
  readonly others?: string;
  /** Others about whom on-call was not notified, because SNS refused the mail. */
  readonly othersDue?: string;
  /** The hash of the settings that its topic has. */
  readonly topicSettings?: string;
  /** The notice to on-call about this status. `claimed`: sent, or lost. `due`: SNS refused it. */
  readonly mailStatus?: 'claimed' | 'due';
}

/** A subscription as SNS lists it. Without an ARN it waits for its confirmation. */
export interface ListedSubscription {
  readonly arn?: string;
  readonly protocol: string;
  readonly endpoint: string;
}

/** The topic of one approver as SNS has it. */
export interface ObservedTopic {
  readonly exists: boolean;
  readonly own: 'confirmed' | 'pending' | 'none';
  /** Others who would get the approver's links. */
  readonly others: readonly ListedSubscription[];
}

/** The partition of all approvers. No hash of a build can equal it. */
export const APPROVERS = 'approvers';

/** SNS deletes a subscription that nobody has confirmed for 48 hours. */
const CONFIRMATION_MS = 48 * HOUR_MS;
/** While a request waits, the link is mailed again after a day. */
const REMIND_MS = 24 * HOUR_MS;
/** Shorter than Lambda's first retry: another invocation may be about to subscribe. */
const LEASE_MS = 55_000;

export function subscriptionKeyOf(address: string): BuildRecordKey {
  return { image: APPROVERS, part: sha256(address.toLowerCase(), 32) };
}

/** @param listed undefined if there is no topic */
export function observeTopic(
  address: string,
  listed: readonly ListedSubscription[] | undefined,
): ObservedTopic {
  if (!listed) return { exists: false, own: 'none', others: [] };
  const isOwn = ({ protocol, endpoint }: ListedSubscription): boolean =>
    protocol === 'email' && endpoint.toLowerCase() === address.toLowerCase();
  const own = listed.filter(isOwn);
  const isConfirmed = own.some(({ arn }) => arn !== undefined);
  return {
    exists: true,
    own: isConfirmed ? 'confirmed' : own.length > 0 ? 'pending' : 'none',
    others: listed.filter((one) => !isOwn(one)),
  };
}

/** Whether a link can be sent to the approver, and to nobody else. */
export function isReachable({ own, others }: ObservedTopic): boolean {
  return own === 'confirmed' && others.length === 0;
}

/** What the record says after SNS was asked. Undefined if it says that already, and on-call has been notified. */
export function noteStatus(
  known: ApproverSubscription | undefined,
  address: string,
  { own }: ObservedTopic,
  now: number,
): Draft<ApproverSubscription> | undefined {
  const status = statusOf(known, own);
  if (known?.status === status && known.mailStatus !== 'due') return undefined;
  const isNew = known?.status !== status;
  const { mailStatus: _mail, askedAt, ...kept } = known ?? newSubscription(address, now);
  return {
    ...kept,
    address,
    status,
    since: isNew ? now : kept.since,
    ...(askedAt !== undefined && !isNew && { askedAt }),
    ...(status !== 'confirmed' && { mailStatus: 'claimed' }),
  };
}

function newSubscription(address: string, now: number): Draft<ApproverSubscription> {
  return { ...subscriptionKeyOf(address), address, status: 'pending', since: now };
}

function statusOf(
  known: ApproverSubscription | undefined,
  own: ObservedTopic['own'],
): Exclude<SubscriptionStatus, 'left'> {
  if (own === 'confirmed') return 'confirmed';
  return known?.status === 'confirmed' || known?.status === 'gone' ? 'gone' : 'pending';
}

export interface UpkeepInput {
  readonly address: string;
  /** The hash of the settings that the topic is to have. */
  readonly topicSettings: string;
  /** A request waits for a decision. */
  readonly isWaitedFor: boolean;
  readonly now: number;
}

export interface Upkeep {
  /** The record to write. Undefined if it is right as it is. */
  readonly draft?: Draft<ApproverSubscription>;
  /** SNS is to mail the link that confirms the subscription, after the record is written. */
  readonly subscribes: boolean;
}

/** What to do about the subscription of one approver. */
export function decideUpkeep(
  known: ApproverSubscription | undefined,
  observed: ObservedTopic,
  { address, topicSettings, isWaitedFor, now }: UpkeepInput,
): Upkeep {
  const subscribes = shouldSubscribe(known, observed, isWaitedFor, now);
  const noted = noteStatus(known, address, observed, now);
  const others = formatOthers(observed);
  const isKnown =
    known?.topicSettings === topicSettings && known.others === others && known.othersDue === undefined;
  const draft = noted ?? known;
  if (!draft || (!noted && !subscribes && isKnown)) return { subscribes };
  const { others: _, othersDue: _due, ...kept } = draft;
  return {
    subscribes,
    draft: {
      ...kept,
      topicSettings,
      ...(others !== undefined && { others }),
      ...(subscribes && { askedAt: now }),
    },
  };
}

function formatOthers({ others }: ObservedTopic): string | undefined {
  const endpoints = others.map(({ endpoint }) => endpoint).sort();
  return endpoints.length === 0 ? undefined : endpoints.join(', ');
}

/** An approver who is not in the list any more. */
export function markLeft(known: ApproverSubscription, now: number): Draft<ApproverSubscription> {
  const { mailStatus: _mail, topicSettings: _settings, ...kept } = known;
  return { ...kept, status: 'left', since: now };
}

/** Whether SNS is to mail the link that confirms the subscription. */
function shouldSubscribe(
  known: ApproverSubscription | undefined,
  { own }: ObservedTopic,
  isWaitedFor: boolean,
  now: number,
): boolean {
  if (own === 'confirmed') return false;
  const askedMs = known?.askedAt === undefined ? Number.POSITIVE_INFINITY : now - known.askedAt;
  if (own === 'pending') return isWaitedFor && askedMs >= REMIND_MS && known?.askedAt !== undefined;
  if (known?.status === 'confirmed' || known?.status === 'left') return true;
  if (askedMs < LEASE_MS) return false;
  // Nobody confirmed it in time. SNS is asked again only if somebody needs the approver.
  const isOver = known?.askedAt !== undefined && askedMs >= CONFIRMATION_MS;
  return !isOver || isWaitedFor;
}

/** ` (gets no mails: not confirmed)`, or an empty text for an approver who gets mails. */
export function formatUnreachable(subscriptions: readonly ApproverSubscription[], address: string): string {
  const { part } = subscriptionKeyOf(address);
  const status = subscriptions.find((one) => one.part === part)?.status;
  if (status === 'pending') return ' (gets no mails: the subscription is not confirmed)';
  return status === 'gone' ? ' (gets no mails: the subscription was removed)' : '';
}
