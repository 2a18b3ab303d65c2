import { InvalidInputError, RetryableError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { type Handler, lambda } from './lambda.ts';
import { parseOrDrop, reportFailure, reportScheduledRun, reportTimeout } from './report.ts';

export interface AsyncInvocationOptions<M> {
  /** Parses the event. @throws InvalidInputError */
  parse(event: unknown): M;
  /** @returns what a direct caller gets; ignored for an asynchronous source */
  handle(message: M, invocation: Invocation): Promise<unknown>;
}

/**
 * Handles one event that arrives asynchronously (a rule, a topic, a schedule) or by a direct call.
 *
 * A malformed event is logged, counted and answered with `{ error }`, since a retry cannot help. Every other error is
 * thrown: Lambda retries twice and then sends the event to the failure destination.
 */
export function asyncInvocationHandler<M>(options: AsyncInvocationOptions<M>): Handler {
  return lambda(async (event, runner) => {
    const message = parseOrDrop(() => options.parse(event));
    if (message instanceof InvalidInputError) return { error: message.message };
    return runner.runWithDeadline(
      async (invocation) => {
        const result = await handle(options, message, invocation);
        reportScheduledRun(event);
        return result;
      },
      () => {
        reportTimeout('event timed out, will be retried');
        throw new RetryableError('the event was not handled before its timeout');
      },
    );
  });
}

async function handle<M>(
  options: AsyncInvocationOptions<M>,
  message: M,
  invocation: Invocation,
): Promise<unknown> {
  try {
    return await options.handle(message, invocation);
  } catch (error) {
    reportFailure(invocation, 'event failed', { error });
    throw error;
  }
}
