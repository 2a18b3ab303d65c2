import { InvalidInputError } from '#shared/errors.ts';
import { formatValue } from '#shared/redact.ts';
import type { ExistingAlarm } from './alarm.ts';
import { calledAtOf } from './alarm-metadata.ts';
import type { Tags } from './instance.ts';
import { parseMountTags } from './mount-tags.ts';
import { tagKeys } from './tag-keys.ts';
import { isClosedToAlarms, isKeyClosedToAlarms } from './topic-policy.ts';

const arnShape = /^arn:(aws[\w-]*):sns:([a-z0-9-]+):(\d{12}):([\w-]{1,256})$/;
const nameShape = /^[\w-]{1,256}$/;

/** Whether an action of an alarm is a standard topic's ARN. */
export function isTopic(action: unknown): action is string {
  return typeof action === 'string' && arnShape.test(action);
}

/**
 * Why CloudWatch certainly cannot publish to the topic; undefined if it may.
 * @param key the key of the topic, as far as it could be read
 */
export function topicFault(arn: string, topic: TopicState, key?: TopicKey): string | undefined {
  if (topic === 'missing') return `topic ${arn} does not exist`;
  if (topic === 'denied') return undefined;
  if (isClosedToAlarms(topic.policy))
    return `topic ${arn} has a policy that does not let CloudWatch publish; allow cloudwatch.amazonaws.com`;
  const fault = key && keyFault(key);
  return fault && `topic ${arn} is encrypted with ${fault}`;
}

/**
 * The key policy of `alias/aws/sns` cannot allow CloudWatch (re:Post, "CloudWatch alarms and encrypted topics"); that of a
 * customer key must (SNS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted
 * topics").
 */
function keyFault({ isAwsManaged, state, policy }: TopicKey): string | undefined {
  if (isAwsManaged) return 'alias/aws/sns, so CloudWatch cannot publish to it; use a customer key';
  if (UNUSABLE_STATES.has(state)) return `a key that is ${state}, so nobody can publish to it`;
  return isKeyClosedToAlarms(policy)
    ? 'a key whose policy does not let CloudWatch use it; allow cloudwatch.amazonaws.com kms:Decrypt and kms:GenerateDataKey*'
    : undefined;
}

const UNUSABLE_STATES = new Set(['Disabled', 'PendingDeletion', 'PendingReplicaDeletion', 'Unavailable']);

/** A topic's attributes, unless it does not exist or we may not read it. */
export type TopicState = TopicAttributes | 'missing' | 'denied';

interface TopicAttributes {
  readonly keyId: string | undefined;
  /** JSON. */
  readonly policy: string | undefined;
}

export interface TopicKey {
  readonly isAwsManaged: boolean;
  /** As KMS calls it, such as `Enabled`. */
  readonly state: string;
  /** JSON. */
  readonly policy?: string | undefined;
}

export interface ChosenTopic {
  readonly arn: string;
  readonly fromCall: boolean;
  /** Why the wanted topic is not used. */
  readonly fault?: string;
}

export interface TopicRules {
  readonly defaultTopicArn: string;
  /** From a direct call. */
  readonly topicArn?: string | undefined;
  /** When that call was made. */
  readonly calledAt?: number | undefined;
}

/** A topic that a tag names, for an instance or for one mount. */
interface TopicTag {
  readonly key: string;
  readonly topic: string;
}

/**
 * A tag wins over a direct call. The alarms remember the topic of a call, so later runs keep it. A topic that cannot work
 * would silence the instance, so the default topic replaces it.
 */
export function chooseTopic(
  tag: TopicTag | undefined,
  mine: readonly ExistingAlarm[],
  rules: TopicRules,
  unusable: ReadonlyMap<string, string>,
): ChosenTopic {
  const wanted = wantedTopic(tag, mine, rules);
  const fault = wanted.fault ?? unusable.get(wanted.arn);
  return fault === undefined ? wanted : { arn: rules.defaultTopicArn, fromCall: false, fault };
}

/** The tag that names the topic of the instance. */
export function topicTagOf(tags: Tags): TopicTag | undefined {
  const topic = tags[tagKeys.topic]?.trim();
  return topic === undefined ? undefined : { key: tagKeys.topic, topic };
}

function wantedTopic(
  tag: TopicTag | undefined,
  mine: readonly ExistingAlarm[],
  rules: TopicRules,
): ChosenTopic {
  const { defaultTopicArn, topicArn, calledAt = 0 } = rules;
  if (tag !== undefined) return taggedTopic(tag, defaultTopicArn);
  // A later call may have been made while this run waited.
  const later =
    topicArn === undefined ? mine : mine.filter(({ metadata }) => calledAtOf(metadata) > calledAt);
  const arn = callTopic(later) ?? topicArn;
  return arn === undefined ? { arn: defaultTopicArn, fromCall: false } : { arn, fromCall: true };
}

function taggedTopic({ key, topic }: TopicTag, defaultTopicArn: string): ChosenTopic {
  try {
    return { arn: resolveTopic(topic, defaultTopicArn, `tag ${key}`), fromCall: false };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return { arn: defaultTopicArn, fromCall: false, fault: error.message };
  }
}

/**
 * The topic of the latest call, which most of its alarms use. An alarm changed by hand is in the minority and is
 * restored.
 */
function callTopic(mine: readonly ExistingAlarm[]): string | undefined {
  const called = mine.filter(({ metadata }) => metadata?.topicFromCall);
  const latest = Math.max(...called.map(({ metadata }) => calledAtOf(metadata)));
  const kept = called
    .filter(({ metadata }) => calledAtOf(metadata) === latest)
    .flatMap(({ config }) => config['AlarmActions']);
  const used = [...Map.groupBy(kept.filter(isTopic), (arn) => arn)];
  return used.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

/** The distinct topics that tags and earlier calls name, except the default topic. */
export function namedTopics(
  instances: readonly { readonly tags: Tags }[],
  alarmsByOwner: ReadonlyMap<string, readonly ExistingAlarm[]>,
  defaultTopicArn: string,
): string[] {
  const tagged = instances.flatMap(({ tags }) =>
    topicTags(tags).map((tag) => taggedTopic(tag, defaultTopicArn).arn),
  );
  const called = [...alarmsByOwner.values()].flatMap((mine) => callTopic(mine) ?? []);
  return [...new Set([...tagged, ...called])].filter((arn) => arn !== defaultTopicArn).sort();
}

function topicTags(tags: Tags): TopicTag[] {
  const own = topicTagOf(tags);
  const mounts = parseMountTags(tags).flatMap(({ key, topic }) =>
    topic === undefined ? [] : [{ key, topic }],
  );
  return [...(own ? [own] : []), ...mounts];
}

/**
 * @returns the ARN of a topic given by name or ARN. CloudWatch accepts any action and does not report one that cannot
 * work, so we check it here. `like` is a topic of this account and Region.
 */
export function resolveTopic(given: string, like: string, field: string): string {
  const [, partition, region, account] = arnShape.exec(like) ?? [];
  if (nameShape.test(given)) return `arn:${partition}:sns:${region}:${account}:${given}`;
  const [arn, , itsRegion] = arnShape.exec(given) ?? [];
  if (arn === undefined)
    throw new InvalidInputError(
      `${field} must be a standard SNS topic, by name or by ARN, got ${formatValue(given)}`,
    );
  if (itsRegion !== region)
    throw new InvalidInputError(
      `${field} must be in ${region}, where the alarms are, got ${formatValue(given)}`,
    );
  return arn;
}
