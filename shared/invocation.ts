import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { Log } from './log.ts';

/** What a handler passes to its function together with the message. */
export interface Invocation {
  readonly logger: Log;
  readonly metrics: Pick<Metrics, 'addMetric' | 'addMetadata' | 'singleMetric'>;
  /**
   * Aborts at the deadline, when the handler has answered. Work that is still running would continue in the next
   * invocation: pass the signal to every call, and check it before anything irreversible.
   */
  readonly signal: AbortSignal;
  /** Milliseconds until `signal` aborts. */
  remainingMs(): number;
  /** Epoch milliseconds. */
  now(): number;
}
