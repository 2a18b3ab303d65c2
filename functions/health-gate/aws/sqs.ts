import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { chunk } from '../../../shared/chunk.ts';
import { createClient } from '../../../shared/clients.ts';
import { mapLimit } from '../../../shared/concurrency.ts';
import { Retryable } from '../../../shared/errors.ts';

/** SendMessageBatch takes ten. */
const ENTRIES = 10;

const sqs = createClient(SQSClient, { deadlineMs: 5_000 });

export interface Delayed {
  readonly body: object;
  /** Whole seconds, at most 900. */
  readonly delaySeconds: number;
}

/** @returns the errors that kept messages out */
export async function sendDelayed(
  queueUrl: string,
  messages: readonly Delayed[],
  signal: AbortSignal,
): Promise<unknown[]> {
  const groups = await mapLimit(chunk(messages, ENTRIES), 4, async (group) => {
    const Entries = group.map(({ body, delaySeconds }, i) => ({
      Id: String(i),
      MessageBody: JSON.stringify(body),
      DelaySeconds: delaySeconds,
    }));
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      const { Failed = [] } = await sqs.send(command, { abortSignal: signal });
      return Failed.map(({ Code }) => new Retryable(`SQS refused a message: ${Code}`));
    } catch (error) {
      return group.map(() => error);
    }
  });
  return groups.flat();
}
