import type { Message } from '@aws-sdk/client-sqs';
import { isMapping } from '../json.ts';
import type { Invoked } from '../runtime/sandbox.ts';

/** The messages that Lambda deletes after a batch. The others become visible again. */
export function messagesToDelete(
  messages: readonly Message[],
  invoked: Invoked,
  reportsFailures: boolean,
): readonly Message[] {
  if (!invoked.ok) return [];
  if (!reportsFailures) return messages;
  const failures = parseFailedIds(invoked.payload);
  const ids = new Set(messages.map(({ MessageId }) => MessageId));
  // An id that is empty or unknown fails the whole batch.
  if (failures === undefined || failures.some((id) => id === '' || !ids.has(id))) return [];
  return messages.filter(({ MessageId }) => !failures.includes(MessageId ?? ''));
}

/** Returns undefined if the answer does not have the form that Lambda requires. */
function parseFailedIds(payload: string): readonly string[] | undefined {
  const response = parseJson(payload);
  if (response === null) return [];
  if (!isMapping(response)) return undefined;
  const failures = response.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const ids = failures.map((one) => (isMapping(one) ? one.itemIdentifier : undefined));
  return ids.every((id) => typeof id === 'string') ? ids : undefined;
}

/** An empty answer counts as null. Returns undefined if the answer is not JSON. */
function parseJson(payload: string): unknown {
  try {
    return JSON.parse(payload || 'null');
  } catch {
    return undefined;
  }
}
