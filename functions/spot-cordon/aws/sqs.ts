import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createClient } from '../../../shared/clients.ts';

const sqs = createClient(SQSClient, { deadlineMs: 5_000 });

export async function send(queueUrl: string, body: object, signal: AbortSignal): Promise<void> {
  const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(body) });
  await sqs.send(command, { abortSignal: signal });
}
