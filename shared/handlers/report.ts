import { BadInput } from '../errors.ts';
import type { Tools } from '../invocation.ts';
import { logger } from '../log.ts';
import { count, metrics } from '../metrics.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What `parse` read, or its BadInput, logged and counted. Any other error is thrown on: it is not the sender's. */
export function readOrDrop<T>(parse: () => T, ids: Fields = {}): T | BadInput {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    reportMalformed(error.message, ids);
    return error;
  }
}

export function reportMalformed(reason: string, ids: Fields = {}): void {
  logger.warn('dropped malformed input', { ...ids, reason });
  count(metrics, 'Malformed');
}

/** Says nothing once the door has given up waiting: it has reported that, and this is its consequence. */
export function reportFailure(tools: Tools, message: string, fields: Fields, failures = 1): void {
  if (tools.signal.aborted) return;
  logger.error(message, fields);
  count(metrics, 'Failed', failures);
}

export function reportTimeout(message: string, fields: Fields = {}): void {
  logger.error(message, fields);
  count(metrics, 'TimedOut');
}
