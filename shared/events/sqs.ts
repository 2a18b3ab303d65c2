import * as z from 'zod/mini';
import { isRecord } from '../errors.ts';

/** One message of a batch, with the members that the handler needs. */
export const sqsRecord = z.object({
  messageId: z.string().check(z.minLength(1)),
  body: z.string(),
  attributes: z.optional(z.object({ ApproximateReceiveCount: z.optional(z.string()) })),
});

export interface SqsBatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Does not check the records: one malformed message must not fail the batch. */
export function isSqsEvent(event: unknown): event is { readonly Records: readonly unknown[] } {
  if (!isRecord(event) || !Array.isArray(event.Records)) return false;
  const records: readonly unknown[] = event.Records;
  return records.some((record) => isRecord(record) && record.eventSource === 'aws:sqs');
}
