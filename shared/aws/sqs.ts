import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { chunk, mapLimit } from '../concurrency.ts';
import { RetryableError } from '../errors.ts';
import { createClient } from './client.ts';

/** SendMessageBatch takes ten. */
const ENTRIES = 10;

const sqs = createClient(SQSClient, { deadlineMs: 5_000 });

export interface OutgoingMessage {
  readonly body: object;
  /** Whole seconds, at most 900; the queue's own delay when absent. */
  readonly delaySeconds?: number;
}

/** @returns for each message the error that kept it out, or undefined */
export async function sendMessages(
  queueUrl: string,
  messages: readonly OutgoingMessage[],
  signal: AbortSignal,
): Promise<(unknown | undefined)[]> {
  const groups = await mapLimit(chunk(messages, ENTRIES), 4, async (group) => {
    const Entries = group.map(({ body, delaySeconds }, i) => ({
      Id: String(i),
      MessageBody: JSON.stringify(body),
      ...(delaySeconds !== undefined && { DelaySeconds: delaySeconds }),
    }));
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      const { Failed = [] } = await sqs.send(command, { abortSignal: signal });
      const refused = new Map(
        Failed.map(({ Id, Code }) => [Id, new RetryableError(`SQS refused a message: ${Code}`)]),
      );
      return group.map((_, i) => refused.get(String(i)));
    } catch (error) {
      return group.map(() => error);
    }
  });
  return groups.flat();
}
