import { InvalidInputError, isRecord, RetryableError, toError } from '../errors.ts';
import { isSqsEvent, type SqsBatchAnswer, sqsRecord } from '../events/sqs.ts';
import type { Invocation } from '../invocation.ts';
import { logger } from '../log.ts';
import { addCount, metrics } from '../metrics.ts';
import { parseAs, parseJson } from '../parse.ts';
import { type DeadlineRunner, type Handler, lambda } from './lambda.ts';
import { parseOrDrop, reportFailure, reportScheduledRun, reportTimeout } from './report.ts';

export interface QueueMessage<M> {
  readonly id: string;
  readonly message: M;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
}

/** SQS delivers the messages in `retry` again; all others are done. */
export interface BatchResult {
  readonly retry: readonly { readonly id: string; readonly error: unknown }[];
  /** What a direct caller gets; ignored for a queue. */
  readonly response?: unknown;
}

export interface QueueHandlerOptions<M> {
  /** Parses a message's body, or a bare event. @throws InvalidInputError */
  parse(body: unknown): M;
  handle(deliveries: readonly QueueMessage<M>[], invocation: Invocation): Promise<BatchResult>;
}

/** At most this many reasons get a log line of their own. */
const mostReasons = 20;

/**
 * Handles an SQS batch, or one bare event (a schedule, a direct call).
 *
 * Batch: a malformed message is logged, counted and deleted from the queue. SQS delivers again what `handle` asks to
 * retry; if `handle` throws or runs out of time, SQS delivers the whole batch again.
 * Bare: a retry is thrown, so that an asynchronous source repeats it and a caller sees it. A malformed event is answered
 * with `{ error }`, so that no source repeats it.
 */
export function queueHandler<M>(options: QueueHandlerOptions<M>): Handler {
  return lambda((event, runner) =>
    isSqsEvent(event) ? takeBatch(options, event.Records, runner) : takeBare(options, event, runner),
  );
}

async function takeBatch<M>(
  options: QueueHandlerOptions<M>,
  records: readonly unknown[],
  runner: DeadlineRunner,
): Promise<SqsBatchAnswer> {
  const { deliveries, unread } = readBatch(options, records);
  if (deliveries.length === 0) return failures(unread);
  return runner.runWithDeadline(
    async (invocation) => failures([...unread, ...(await handleBatch(options, deliveries, invocation))]),
    () => {
      reportTimeout('batch timed out, will be retried', { messages: deliveries.length });
      return failures([...unread, ...deliveries.map(({ id }) => id)]);
    },
  );
}

async function takeBare<M>(
  options: QueueHandlerOptions<M>,
  event: unknown,
  runner: DeadlineRunner,
): Promise<unknown> {
  const id = isRecord(event) && typeof event.id === 'string' ? event.id : runner.requestId;
  const message = parseOrDrop(() => options.parse(event), { messageId: id });
  if (message instanceof InvalidInputError) return { error: message.message };
  return runner.runWithDeadline(
    async (invocation) => {
      const response = await handleBare(options, { id, message, receiveCount: 1 }, invocation);
      reportScheduledRun(event);
      return response;
    },
    () => {
      reportTimeout('event timed out, will be retried', { messageId: id });
      throw new RetryableError('the event was not handled before its timeout');
    },
  );
}

async function handleBare<M>(
  options: QueueHandlerOptions<M>,
  delivery: QueueMessage<M>,
  invocation: Invocation,
): Promise<unknown> {
  try {
    const { retry, response } = checked(await options.handle([delivery], invocation));
    if (retry[0] !== undefined) throw toError(retry[0].error);
    return response;
  } catch (error) {
    reportFailure(invocation, 'event failed', { messageId: delivery.id, error });
    throw error;
  }
}

interface Batch<M> {
  readonly deliveries: readonly QueueMessage<M>[];
  /** Ids of messages that could not be read because of a fault of ours: SQS must deliver them again. */
  readonly unread: readonly string[];
}

function readBatch<M>(options: QueueHandlerOptions<M>, records: readonly unknown[]): Batch<M> {
  const deliveries: QueueMessage<M>[] = [];
  const unread: string[] = [];
  for (const record of records) {
    const messageId = idOf(record);
    try {
      const delivery = parseOrDrop(() => readRecord(options, record), { messageId });
      if (!(delivery instanceof InvalidInputError)) deliveries.push(delivery);
    } catch (error) {
      logger.error('message could not be read, will be retried', { messageId, error });
      addCount(metrics, 'Failed');
      if (messageId !== undefined) unread.push(messageId);
    }
  }
  return { deliveries, unread };
}

function readRecord<M>(options: QueueHandlerOptions<M>, record: unknown): QueueMessage<M> {
  const { messageId, body, attributes } = parseAs(sqsRecord, record, 'SQS record');
  const receiveCount = Number(attributes?.ApproximateReceiveCount ?? 1);
  return {
    id: messageId,
    message: options.parse(parseJson(body, 'message body')),
    receiveCount: receiveCount || 1,
  };
}

async function handleBatch<M>(
  options: QueueHandlerOptions<M>,
  deliveries: readonly QueueMessage<M>[],
  invocation: Invocation,
): Promise<readonly string[]> {
  try {
    const { retry } = checked(await options.handle(deliveries, invocation));
    // If Lambda gets an id that is not in the batch, it retries the whole batch.
    const known = new Set(deliveries.map(({ id }) => id));
    const again = retry.filter(({ id }) => known.has(id));
    if (again.length < retry.length) logger.error('retry ignored: message is not in this batch');
    if (!invocation.signal.aborted) reportRetries(again);
    return again.map(({ id }) => id);
  } catch (error) {
    reportFailure(
      invocation,
      'batch failed, will be retried',
      { messages: deliveries.length, error },
      deliveries.length,
    );
    return deliveries.map(({ id }) => id);
  }
}

/** Logs one line per reason: in a throttled storm a thousand messages fail for the same one. */
function reportRetries(retry: BatchResult['retry']): void {
  const byReason = Map.groupBy(retry, ({ error }) => `${toError(error).name}: ${toError(error).message}`);
  for (const again of [...byReason.values()].slice(0, mostReasons)) {
    const messageIds = again.slice(0, 10).map(({ id }) => id);
    logger.warn('messages will be retried', { messages: again.length, messageIds, error: again[0]?.error });
  }
  if (byReason.size > mostReasons)
    logger.warn('messages will be retried for more reasons', { reasons: byReason.size });
  addCount(metrics, 'Retried', retry.length);
}

function checked(handled: BatchResult): BatchResult {
  if (isHandled(handled)) return handled;
  throw new TypeError('handle returned no list of retries');
}

// A wrong result would delete messages that were never handled, and types do not exist at run time.
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
