import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createClient } from '#shared/aws/client.ts';

const sqs = createClient(SQSClient, { deadlineMs: 5_000 });

/** SQS delays a message for a quarter of an hour at most. */
export async function sendLater(
  queueUrl: string,
  body: object,
  delaySeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const command = new SendMessageCommand({
    QueueUrl: queueUrl,
    MessageBody: JSON.stringify(body),
    DelaySeconds: Math.min(900, Math.round(delaySeconds)),
  });
  await sqs.send(command, { abortSignal: signal });
}
