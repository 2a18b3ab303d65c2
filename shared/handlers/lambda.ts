import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Invocation } from '../invocation.ts';
import { logger } from '../log.ts';
import { metrics } from '../metrics.ts';

export type Handler = (event: unknown, context: Context) => Promise<unknown>;

export interface DeadlineRunner {
  readonly requestId: string;
  /** Runs `work`; returns what `onTimeout` returns if `work` has not ended in time. */
  runWithDeadline<T>(
    work: (invocation: Invocation) => Promise<T>,
    onTimeout: (invocation: Invocation) => T | Promise<T>,
  ): Promise<T>;
}

/** How long before Lambda's limit the handler stops waiting, given the time that remains at the start. */
export type DeadlineMargin = (remainingMs: number) => number;

/** Enough to write a log line and answer the caller; a tenth for functions with a very short timeout. */
const usualMargin: DeadlineMargin = (remainingMs) => Math.min(750, remainingMs / 10);

/** Wraps every function: log context, metrics that are published in any case, a deadline. */
export function lambda(
  run: (event: unknown, runner: DeadlineRunner) => Promise<unknown>,
  margin: DeadlineMargin = usualMargin,
): Handler {
  // Not middy's timeout: it is fixed at load, before the function's time limit is known.
  return (
    middy({ timeoutEarlyInMillis: 0 })
      // Explicit, because POWERTOOLS_LOGGER_LOG_EVENT would log CodePipeline's credentials.
      .use(injectLambdaContext(logger, { logEvent: false, resetKeys: true }))
      .use({ after: publishMetrics, onError: publishMetrics })
      .handler((event: unknown, context: Context) => run(event, begin(context, margin)))
  );
}

function begin(context: Context, margin: DeadlineMargin): DeadlineRunner {
  const limit = context.getRemainingTimeInMillis();
  const kept = margin(limit);
  return {
    requestId: context.awsRequestId,
    runWithDeadline: async (work, onTimeout) => {
      const controller = new AbortController();
      const remainingMs = (): number => Math.max(0, context.getRemainingTimeInMillis() - kept);
      const invocation: Invocation = {
        logger,
        metrics,
        signal: controller.signal,
        remainingMs,
        now: () => Date.now(),
      };
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => {
          resolve('late'); // before the abort, so that work failing because of it does not win the race
          controller.abort(new Error(`The function's time ran out after ${Math.round(limit - kept)} ms`));
        }, remainingMs());
      });
      try {
        const done = await Promise.race([attempt(work, invocation), deadline]);
        return done === 'late' ? await onTimeout(invocation) : done.result;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function attempt<T>(
  work: (invocation: Invocation) => Promise<T>,
  invocation: Invocation,
): Promise<{ readonly result: T }> {
  return { result: await work(invocation) };
}

function publishMetrics(): void {
  // Powertools warns on every invocation that counted nothing.
  if (!metrics.hasStoredMetrics()) return;
  try {
    metrics.publishStoredMetrics();
  } catch (error) {
    // The work is done: throwing here would repeat it.
    logger.error('metrics not published', { error });
  }
}
