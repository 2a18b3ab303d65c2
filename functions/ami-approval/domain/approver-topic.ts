import { sha256 } from '#shared/hash.ts';
import { subscriptionKeyOf } from './approver-subscription.ts';

/** What the topics of all approvers of a stack have in common. */
export interface ApproverTopics {
  /** The beginning of their ARNs: `arn:aws:sns:eu-west-1:123456789012:groundcrew-ami-approval-approver-`. */
  readonly prefix: string;
}

/** Who may publish to the topics, and what encrypts them. */
export interface TopicRules extends ApproverTopics {
  /** The ARNs of the roles that send mails to approvers. */
  readonly publishers: readonly string[];
  readonly key: string;
}

/** The attributes of a topic, by the names of SNS. */
export type TopicSettings = Readonly<Record<'DisplayName' | 'KmsMasterKeyId' | 'Policy', string>>;

/** The ARN of the topic of one approver. It has a hash of the address, because names are visible to many. */
export function approverTopicArn({ prefix }: ApproverTopics, address: string): string {
  return `${prefix}${subscriptionKeyOf(address).part}`;
}

/** Only the asking functions can publish, and only the approver's mailbox can subscribe. */
export function topicSettingsFor(address: string, { prefix, publishers, key }: TopicRules): TopicSettings {
  const Resource = approverTopicArn({ prefix }, address);
  const deny = (Sid: string, Action: string, Condition: object): object => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource,
    Condition,
  });
  const Statement = [
    deny('OnlyAskingFunctionsPublish', 'sns:Publish', { ArnNotEquals: { 'aws:PrincipalArn': publishers } }),
    deny('OnlyThisAddress', 'sns:Subscribe', { StringNotEquals: { 'sns:Endpoint': [address] } }),
    deny('OnlyEmail', 'sns:Subscribe', { StringNotEquals: { 'sns:Protocol': ['email'] } }),
  ];
  return {
    DisplayName: 'Groundcrew approvals',
    KmsMasterKeyId: key,
    Policy: JSON.stringify({ Version: '2012-10-17', Id: 'groundcrew-approver', Statement }),
  };
}

export function hashSettings(settings: TopicSettings): string {
  return sha256(JSON.stringify(settings), 32);
}
