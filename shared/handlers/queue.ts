import { InvalidInputError, isRecord, RetryableError, toError } from '../errors.ts';
import { isSqsEvent, type SqsBatchAnswer, sqsRecord } from '../events/sqs.ts';
import type { Invocation } from '../invocation.ts';
import { logger } from '../log.ts';
import { addCount, metrics } from '../metrics.ts';
import { parseAs, parseJson } from '../parse.ts';
import { type DeadlineRunner, type Handler, lambda } from './lambda.ts';
import { parseOrDrop, reportFailure, reportTimeout } from './report.ts';

export interface QueueMessage<M> {
  readonly id: string;
  readonly message: M;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
}

/** What became of the deliveries: those in `retry` come again, all others are done. */
export interface BatchResult {
  readonly retry: readonly { readonly id: string; readonly error: unknown }[];
  /** What a direct caller gets. A queue has no use for it. */
  readonly response?: unknown;
}

export interface QueueHandlerOptions<M> {
  /** A message's body, or a bare event, as the wing reads it; throws BadInput. */
  parse(body: unknown): M;
  handle(deliveries: readonly QueueMessage<M>[], invocation: Invocation): Promise<BatchResult>;
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
export function queueHandler<M>(wing: QueueHandlerOptions<M>): Handler {
  return lambda((event, runner) =>
    isSqsEvent(event) ? takeBatch(wing, event.Records, runner) : takeBare(wing, event, runner),
  );
}

async function takeBatch<M>(
  wing: QueueHandlerOptions<M>,
  records: readonly unknown[],
  runner: DeadlineRunner,
): Promise<SqsBatchAnswer> {
  const { deliveries, unread } = readBatch(wing, records);
  if (deliveries.length === 0) return failures(unread);
  return runner.runWithDeadline(
    async (invocation) => failures([...unread, ...(await handleBatch(wing, deliveries, invocation))]),
    () => {
      reportTimeout('time ran out, the batch comes again', { messages: deliveries.length });
      return failures([...unread, ...deliveries.map(({ id }) => id)]);
    },
  );
}

async function takeBare<M>(
  wing: QueueHandlerOptions<M>,
  event: unknown,
  runner: DeadlineRunner,
): Promise<unknown> {
  const id = isRecord(event) && typeof event.id === 'string' ? event.id : runner.requestId;
  const message = parseOrDrop(() => wing.parse(event), { messageId: id });
  if (message instanceof InvalidInputError) return { error: message.message };
  return runner.runWithDeadline(
    (invocation) => handleBare(wing, { id, message, receiveCount: 1 }, invocation),
    () => {
      reportTimeout('time ran out before the event was handled', { messageId: id });
      throw new RetryableError('time ran out before the event was handled');
    },
  );
}

async function handleBare<M>(
  wing: QueueHandlerOptions<M>,
  delivery: QueueMessage<M>,
  invocation: Invocation,
): Promise<unknown> {
  try {
    const { retry, response } = checked(await wing.handle([delivery], invocation));
    if (retry[0] !== undefined) throw toError(retry[0].error);
    return response;
  } catch (error) {
    reportFailure(invocation, 'the event failed', { messageId: delivery.id, error });
    throw error;
  }
}

interface Batch<M> {
  readonly deliveries: readonly QueueMessage<M>[];
  /** Ids of messages that a fault of ours kept from being read: they must not be lost for it. */
  readonly unread: readonly string[];
}

function readBatch<M>(wing: QueueHandlerOptions<M>, records: readonly unknown[]): Batch<M> {
  const deliveries: QueueMessage<M>[] = [];
  const unread: string[] = [];
  for (const record of records) {
    const messageId = idOf(record);
    try {
      const delivery = parseOrDrop(() => readRecord(wing, record), { messageId });
      if (!(delivery instanceof InvalidInputError)) deliveries.push(delivery);
    } catch (error) {
      logger.error('a message could not be read and comes again', { messageId, error });
      addCount(metrics, 'Failed');
      if (messageId !== undefined) unread.push(messageId);
    }
  }
  return { deliveries, unread };
}

function readRecord<M>(wing: QueueHandlerOptions<M>, record: unknown): QueueMessage<M> {
  const { messageId, body, attributes } = parseAs(sqsRecord, record, 'SQS record');
  const receiveCount = Number(attributes?.ApproximateReceiveCount ?? 1);
  return {
    id: messageId,
    message: wing.parse(parseJson(body, 'message body')),
    receiveCount: receiveCount || 1,
  };
}

async function handleBatch<M>(
  wing: QueueHandlerOptions<M>,
  deliveries: readonly QueueMessage<M>[],
  invocation: Invocation,
): Promise<readonly string[]> {
  try {
    const { retry } = checked(await wing.handle(deliveries, invocation));
    // Lambda takes an id that it does not know for a failed batch and repeats all of it.
    const known = new Set(deliveries.map(({ id }) => id));
    const again = retry.filter(({ id }) => known.has(id));
    if (again.length < retry.length)
      logger.error('a retry was asked for messages that are not of this batch');
    if (!invocation.signal.aborted) reportRetries(again);
    return again.map(({ id }) => id);
  } catch (error) {
    reportFailure(
      invocation,
      'the batch failed and comes again',
      { messages: deliveries.length, error },
      deliveries.length,
    );
    return deliveries.map(({ id }) => id);
  }
}

/** One line a reason, not a message: a throttled storm fails a thousand of them for the same one. */
function reportRetries(retry: BatchResult['retry']): void {
  const byReason = Map.groupBy(retry, ({ error }) => `${toError(error).name}: ${toError(error).message}`);
  for (const again of [...byReason.values()].slice(0, mostReasons)) {
    const messageIds = again.slice(0, 10).map(({ id }) => id);
    logger.warn('messages come again', { messages: again.length, messageIds, error: again[0]?.error });
  }
  if (byReason.size > mostReasons)
    logger.warn('messages come again for more reasons', { reasons: byReason.size });
  addCount(metrics, 'Retried', retry.length);
}

function checked(handled: BatchResult): BatchResult {
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
