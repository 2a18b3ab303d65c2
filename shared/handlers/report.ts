import { InvalidInputError, isRecord } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { logger } from '../log.ts';
import { addCount, metrics } from '../metrics.ts';

type Fields = Readonly<Record<string, unknown>>;

/** @returns what `parse` returned, or its InvalidInputError after logging and counting it @throws any other error */
export function parseOrDrop<T>(parse: () => T, ids: Fields = {}): T | InvalidInputError {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    reportMalformed(error.message, ids);
    return error;
  }
}

/** Counts a completed run of a schedule: its absence sets off an alarm. */
export function reportScheduledRun(event: unknown): void {
  if (isRecord(event) && event['detail-type'] === 'Scheduled Event')
    addCount(metrics, 'ScheduledRunCompleted');
}

export function reportMalformed(reason: string, ids: Fields = {}): void {
  logger.warn('input dropped: malformed', { ...ids, reason });
  addCount(metrics, 'Malformed');
}

/** Logs nothing after the deadline: the timeout was reported, and this failure is its consequence. */
export function reportFailure(invocation: Invocation, message: string, fields: Fields, failures = 1): void {
  if (invocation.signal.aborted) return;
  logger.error(message, fields);
  addCount(metrics, 'Failed', failures);
}

export function reportTimeout(message: string, fields: Fields = {}): void {
  logger.error(message, fields);
  addCount(metrics, 'TimedOut');
}
