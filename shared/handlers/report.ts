import { InvalidInputError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { logger } from '../log.ts';
import { addCount, metrics } from '../metrics.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What `parse` read, or its BadInput, logged and counted. Any other error is thrown on: it is not the sender's. */
export function parseOrDrop<T>(parse: () => T, ids: Fields = {}): T | InvalidInputError {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    reportMalformed(error.message, ids);
    return error;
  }
}

export function reportMalformed(reason: string, ids: Fields = {}): void {
  logger.warn('dropped malformed input', { ...ids, reason });
  addCount(metrics, 'Malformed');
}

/** Says nothing once the door has given up waiting: it has reported that, and this is its consequence. */
export function reportFailure(invocation: Invocation, message: string, fields: Fields, failures = 1): void {
  if (invocation.signal.aborted) return;
  logger.error(message, fields);
  addCount(metrics, 'Failed', failures);
}

export function reportTimeout(message: string, fields: Fields = {}): void {
  logger.error(message, fields);
  addCount(metrics, 'TimedOut');
}
