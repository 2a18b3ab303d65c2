import { BadInput, Retryable } from '../errors.ts';
import type { Tools } from '../invocation.ts';
import { type Handler, lambda } from './lambda.ts';
import { readOrDrop, reportFailure, reportTimeout } from './report.ts';

export interface EventWing<M> {
  /** The event as the wing reads it; throws BadInput. */
  parse(event: unknown): M;
  /** What a direct caller gets is what this returns; an async source drops it. */
  handle(message: M, tools: Tools): Promise<unknown>;
}

/**
 * Takes one event that arrives asynchronously (a rule, a topic, a schedule) or by a direct call.
 *
 * Malformed: logged, counted and answered `{ error }`, not thrown, since a retry of rubbish is rubbish.
 * Everything else that goes wrong is thrown: Lambda retries twice and then sends it to the failure destination,
 * which is where a fault that no retry mends is found.
 */
export function eventDoor<M>(wing: EventWing<M>): Handler {
  return lambda(async (event, invocation) => {
    const message = readOrDrop(() => wing.parse(event));
    if (message instanceof BadInput) return { error: message.message };
    return invocation.withinTime(
      (tools) => handle(wing, message, tools),
      () => {
        reportTimeout('time ran out before the event was handled');
        throw new Retryable('time ran out before the event was handled');
      },
    );
  });
}

async function handle<M>(wing: EventWing<M>, message: M, tools: Tools): Promise<unknown> {
  try {
    return await wing.handle(message, tools);
  } catch (error) {
    reportFailure(tools, 'the event failed', { error });
    throw error;
  }
}
