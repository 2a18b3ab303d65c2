import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { createClient } from '#shared/aws/client.ts';
import { hasName } from '#shared/errors.ts';
import type { TopicState } from '../domain/topic.ts';

const sns = createClient(SNSClient, { deadlineMs: 5_000 });

/** Topics of other accounts may deny the request. */
export async function describeTopic(topicArn: string, signal: AbortSignal): Promise<TopicState> {
  const command = new GetTopicAttributesCommand({ TopicArn: topicArn });
  try {
    const { Attributes } = await sns.send(command, { abortSignal: signal });
    return { keyId: Attributes?.['KmsMasterKeyId'], policy: Attributes?.['Policy'] };
  } catch (error) {
    if (hasName(error, 'NotFoundException', 'NotFound')) return 'missing';
    if (hasName(error, 'AuthorizationErrorException', 'AuthorizationError')) return 'denied';
    throw error;
  }
}
