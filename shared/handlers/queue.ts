import { BadInput, isRecord, Retryable, toError } from '../errors.ts';
import { isSqsEvent, type SqsBatchAnswer, sqsRecord } from '../events/sqs.ts';
import type { Tools } from '../invocation.ts';
import { logger } from '../log.ts';
import { count, metrics } from '../metrics.ts';
import { parseAs, parseJson } from '../parse.ts';
import { type Handler, type Invocation, lambda } from './lambda.ts';
import { readOrDrop, reportFailure, reportTimeout } from './report.ts';

export interface Delivery<M> {
  readonly id: string;
  readonly message: M;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
}

/** What became of the deliveries: those in `retry` come again, all others are done. */
export interface Handled {
  readonly retry: readonly { readonly id: string; readonly error: unknown }[];
  /** What a direct caller gets. A queue has no use for it. */
  readonly answer?: unknown;
}

export interface QueueWing<M> {
  /** A message's body, or a bare event, as the wing reads it; throws BadInput. */
  parse(body: unknown): M;
  handle(deliveries: readonly Delivery<M>[], tools: Tools): Promise<Handled>;
}

/** Reasons that get a line of their own; each may name its instance. */
const mostReasons = 20;

/**
 * Takes an SQS batch, or one bare event (a schedule, a direct call, a small installation without a queue).
 *
 * Batch: a malformed message is logged, counted and acknowledged, since no delivery will mend it. What `handle`
 * wants retried comes again by itself. When `handle` throws, answers nonsense or runs out of time, all comes again.
 * Bare: a retry is thrown, so that an async source repeats it and a caller sees it. A malformed one is answered
 * `{ error }` and not thrown: the caller is told all the same, and an async source does not repeat rubbish.
 */
export function queueDoor<M>(wing: QueueWing<M>): Handler {
  return lambda((event, invocation) =>
    isSqsEvent(event) ? takeBatch(wing, event.Records, invocation) : takeBare(wing, event, invocation),
  );
}

async function takeBatch<M>(
  wing: QueueWing<M>,
  records: readonly unknown[],
  invocation: Invocation,
): Promise<SqsBatchAnswer> {
  const { deliveries, unread } = readBatch(wing, records);
  if (deliveries.length === 0) return failures(unread);
  return invocation.withinTime(
    async (tools) => failures([...unread, ...(await handleBatch(wing, deliveries, tools))]),
    () => {
      reportTimeout('time ran out, the batch comes again', { messages: deliveries.length });
      return failures([...unread, ...deliveries.map(({ id }) => id)]);
    },
  );
}

async function takeBare<M>(wing: QueueWing<M>, event: unknown, invocation: Invocation): Promise<unknown> {
  const id = isRecord(event) && typeof event.id === 'string' ? event.id : invocation.requestId;
  const message = readOrDrop(() => wing.parse(event), { messageId: id });
  if (message instanceof BadInput) return { error: message.message };
  return invocation.withinTime(
    (tools) => handleBare(wing, { id, message, receiveCount: 1 }, tools),
    () => {
      reportTimeout('time ran out before the event was handled', { messageId: id });
      throw new Retryable('time ran out before the event was handled');
    },
  );
}

async function handleBare<M>(wing: QueueWing<M>, delivery: Delivery<M>, tools: Tools): Promise<unknown> {
  try {
    const { retry, answer } = checked(await wing.handle([delivery], tools));
    if (retry[0] !== undefined) throw toError(retry[0].error);
    return answer;
  } catch (error) {
    reportFailure(tools, 'the event failed', { messageId: delivery.id, error });
    throw error;
  }
}

interface Batch<M> {
  readonly deliveries: readonly Delivery<M>[];
  /** Ids of messages that a fault of ours kept from being read: they must not be lost for it. */
  readonly unread: readonly string[];
}

function readBatch<M>(wing: QueueWing<M>, records: readonly unknown[]): Batch<M> {
  const deliveries: Delivery<M>[] = [];
  const unread: string[] = [];
  for (const record of records) {
    const messageId = idOf(record);
    try {
      const delivery = readOrDrop(() => readRecord(wing, record), { messageId });
      if (!(delivery instanceof BadInput)) deliveries.push(delivery);
    } catch (error) {
      logger.error('a message could not be read and comes again', { messageId, error });
      count(metrics, 'Failed');
      if (messageId !== undefined) unread.push(messageId);
    }
  }
  return { deliveries, unread };
}

function readRecord<M>(wing: QueueWing<M>, record: unknown): Delivery<M> {
  const { messageId, body, attributes } = parseAs(sqsRecord, record, 'SQS record');
  const receiveCount = Number(attributes?.ApproximateReceiveCount ?? 1);
  return {
    id: messageId,
    message: wing.parse(parseJson(body, 'message body')),
    receiveCount: receiveCount || 1,
  };
}

async function handleBatch<M>(
  wing: QueueWing<M>,
  deliveries: readonly Delivery<M>[],
  tools: Tools,
): Promise<readonly string[]> {
  try {
    const { retry } = checked(await wing.handle(deliveries, tools));
    // Lambda takes an id that it does not know for a failed batch and repeats all of it.
    const known = new Set(deliveries.map(({ id }) => id));
    const again = retry.filter(({ id }) => known.has(id));
    if (again.length < retry.length)
      logger.error('a retry was asked for messages that are not of this batch');
    if (!tools.signal.aborted) reportRetries(again);
    return again.map(({ id }) => id);
  } catch (error) {
    reportFailure(
      tools,
      'the batch failed and comes again',
      { messages: deliveries.length, error },
      deliveries.length,
    );
    return deliveries.map(({ id }) => id);
  }
}

/** One line a reason, not a message: a throttled storm fails a thousand of them for the same one. */
function reportRetries(retry: Handled['retry']): void {
  const byReason = Map.groupBy(retry, ({ error }) => `${toError(error).name}: ${toError(error).message}`);
  for (const again of [...byReason.values()].slice(0, mostReasons)) {
    const messageIds = again.slice(0, 10).map(({ id }) => id);
    logger.warn('messages come again', { messages: again.length, messageIds, error: again[0]?.error });
  }
  if (byReason.size > mostReasons)
    logger.warn('messages come again for more reasons', { reasons: byReason.size });
  count(metrics, 'Retried', retry.length);
}

function checked(handled: Handled): Handled {
  if (isHandled(handled)) return handled;
  throw new TypeError('handle answered without a list of retries');
}

// The types promise it; a bundle keeps no types, and a wrong answer would acknowledge what was never done.
function isHandled(handled: unknown): boolean {
  if (!isRecord(handled) || !Array.isArray(handled.retry)) return false;
  return handled.retry.every((entry: unknown) => isRecord(entry) && typeof entry.id === 'string');
}

function failures(ids: readonly string[]): SqsBatchAnswer {
  return { batchItemFailures: [...new Set(ids)].map((itemIdentifier) => ({ itemIdentifier })) };
}

function idOf(record: unknown): string | undefined {
  const id = isRecord(record) ? record.messageId : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
