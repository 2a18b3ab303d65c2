import { describeKey, readKeyPolicy } from '#shared/aws/kms.ts';
import { describeTopic } from '../aws/sns.ts';
import { type TopicKey, topicFault } from '../domain/topic.ts';

/** Why CloudWatch certainly cannot publish to the topic; undefined if it may, or if we may not read what we need. */
export async function findTopicFault(arn: string, signal: AbortSignal): Promise<string | undefined> {
  const topic = await describeTopic(arn, signal);
  const keyId = typeof topic === 'string' ? undefined : topic.keyId;
  return topicFault(arn, topic, keyId === undefined ? undefined : await readTopicKey(keyId, signal));
}

async function readTopicKey(keyId: string, signal: AbortSignal): Promise<TopicKey | undefined> {
  if (keyId.endsWith('alias/aws/sns')) return { isAwsManaged: true, state: 'Enabled' };
  const key = await describeKey(keyId, { signal });
  if (!key || key.isAwsManaged) return key;
  return { ...key, policy: await readKeyPolicy(key.arn, { signal }) };
}
