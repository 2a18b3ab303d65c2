import { InvalidInputError, RetryableError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { type Handler, lambda } from './lambda.ts';
import { parseOrDrop, reportFailure, reportTimeout } from './report.ts';

export interface AsyncInvocationOptions<M> {
  /** The event as the wing reads it; throws BadInput. */
  parse(event: unknown): M;
  /** What a direct caller gets is what this returns; an async source drops it. */
  handle(message: M, invocation: Invocation): Promise<unknown>;
}

/**
 * Takes one event that arrives asynchronously (a rule, a topic, a schedule) or by a direct call.
 *
 * Malformed: logged, counted and answered `{ error }`, not thrown, since a retry of rubbish is rubbish.
 * Everything else that goes wrong is thrown: Lambda retries twice and then sends it to the failure destination,
 * which is where a fault that no retry mends is found.
 */
export function asyncInvocationHandler<M>(wing: AsyncInvocationOptions<M>): Handler {
  return lambda(async (event, runner) => {
    const message = parseOrDrop(() => wing.parse(event));
    if (message instanceof InvalidInputError) return { error: message.message };
    return runner.runWithDeadline(
      (invocation) => handle(wing, message, invocation),
      () => {
        reportTimeout('time ran out before the event was handled');
        throw new RetryableError('time ran out before the event was handled');
      },
    );
  });
}

async function handle<M>(
  wing: AsyncInvocationOptions<M>,
  message: M,
  invocation: Invocation,
): Promise<unknown> {
  try {
    return await wing.handle(message, invocation);
  } catch (error) {
    reportFailure(invocation, 'the event failed', { error });
    throw error;
  }
}
