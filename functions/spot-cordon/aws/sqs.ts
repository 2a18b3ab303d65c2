import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { chunk } from '../../../shared/chunk.ts';
import { createClient } from '../../../shared/clients.ts';
import { mapLimit } from '../../../shared/concurrency.ts';
import { Retryable } from '../../../shared/errors.ts';

/** SendMessageBatch takes ten. */
const ENTRIES = 10;

const sqs = createClient(SQSClient, { deadlineMs: 5_000 });

/** @returns for each body the error that kept it out, or undefined */
export async function sendAll(
  queueUrl: string,
  bodies: readonly object[],
  signal: AbortSignal,
): Promise<(unknown | undefined)[]> {
  const groups = await mapLimit(chunk(bodies, ENTRIES), 4, async (group) => {
    const Entries = group.map((body, i) => ({ Id: String(i), MessageBody: JSON.stringify(body) }));
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      const { Failed = [] } = await sqs.send(command, { abortSignal: signal });
      const refused = new Map(
        Failed.map(({ Id, Code }) => [Id, new Retryable(`SQS refused a message: ${Code}`)]),
      );
      return group.map((_, i) => refused.get(String(i)));
    } catch (error) {
      return group.map(() => error);
    }
  });
  return groups.flat();
}
