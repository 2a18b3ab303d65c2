import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { createClient } from '#shared/aws/client.ts';
import { hasName } from '#shared/errors.ts';

const sns = createClient(SNSClient, { deadlineMs: 5_000 });

/** @returns false only if the topic certainly does not exist. Topics of other accounts may deny the request. */
export async function topicExists(topicArn: string, signal: AbortSignal): Promise<boolean> {
  try {
    await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }), { abortSignal: signal });
    return true;
  } catch (error) {
    if (hasName(error, 'NotFoundException', 'NotFound')) return false;
    if (hasName(error, 'AuthorizationErrorException', 'AuthorizationError')) return true;
    throw error;
  }
}
