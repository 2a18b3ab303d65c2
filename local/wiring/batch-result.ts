import type { Message } from '@aws-sdk/client-sqs';
import { isMapping } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';

/** The messages that Lambda deletes after a batch; the others become visible again. */
export function succeeded(
  messages: readonly Message[],
  invoked: Invoked,
  reportsFailures: boolean,
): readonly Message[] {
  if (!invoked.ok) return [];
  if (!reportsFailures) return messages;
  const failures = failedIds(invoked.payload);
  const ids = new Set(messages.map(({ MessageId }) => MessageId));
  // One id that is missing or belongs to no message fails the whole batch.
  if (failures === undefined || failures.some((id) => id === '' || !ids.has(id))) return [];
  return messages.filter(({ MessageId }) => !failures.includes(MessageId ?? ''));
}

/** Nothing when the answer has not the shape that Lambda asks for. */
function failedIds(payload: string): readonly string[] | undefined {
  const answer = parse(payload);
  if (answer === null) return [];
  if (!isMapping(answer)) return undefined;
  const failures = answer.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const ids = failures.map((one) => (isMapping(one) ? one.itemIdentifier : undefined));
  return ids.every((id) => typeof id === 'string') ? ids : undefined;
}

/** An empty answer counts as null; one that is no JSON has no shape at all. */
function parse(payload: string): unknown {
  try {
    return JSON.parse(payload || 'null');
  } catch {
    return undefined;
  }
}
