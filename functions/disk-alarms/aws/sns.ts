import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { createClient } from '#shared/aws/client.ts';
import { hasName } from '#shared/errors.ts';
import { topicFault } from '../domain/topic.ts';

const sns = createClient(SNSClient, { deadlineMs: 5_000 });

/**
 * @returns why CloudWatch certainly cannot publish to the topic; undefined if it may. Topics of other accounts may deny
 * the request.
 */
export async function readTopicFault(topicArn: string, signal: AbortSignal): Promise<string | undefined> {
  const command = new GetTopicAttributesCommand({ TopicArn: topicArn });
  try {
    const { Attributes } = await sns.send(command, { abortSignal: signal });
    return topicFault(topicArn, { keyId: Attributes?.['KmsMasterKeyId'], policy: Attributes?.['Policy'] });
  } catch (error) {
    if (hasName(error, 'NotFoundException', 'NotFound')) return `topic ${topicArn} does not exist`;
    if (hasName(error, 'AuthorizationErrorException', 'AuthorizationError')) return undefined;
    throw error;
  }
}
