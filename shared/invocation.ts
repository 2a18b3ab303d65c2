import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { Log } from './log.ts';

/** What a door hands to its wing beside the message. */
export interface Invocation {
  readonly logger: Log;
  readonly metrics: Pick<Metrics, 'addMetric' | 'addMetadata'>;
  /**
   * Aborts when the door gives up waiting. The door has answered then, and whatever is still running goes on in
   * the next invocation of this sandbox: pass it to every call, and look at it before anything irreversible.
   */
  readonly signal: AbortSignal;
  /** Milliseconds until `signal` aborts; the door's own margin for answering is already taken off. */
  remainingMs(): number;
  /** Epoch milliseconds. */
  now(): number;
}
