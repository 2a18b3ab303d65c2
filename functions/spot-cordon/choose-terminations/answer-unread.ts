import { addCount } from '#shared/metrics.ts';
import type { PolicyContext } from '../context.ts';
import type { TerminationRequest } from '../domain/termination-request.ts';
import { chooseUnread } from '../domain/unread-workers.ts';
import { type TerminationAnswer, toAnswer } from './answer.ts';
import { logUnread } from './log.ts';

/** The answer when the workers could not be read in time. This process remembers since when. */
export function answerUnread(
  request: TerminationRequest,
  context: PolicyContext,
  error: unknown,
): TerminationAnswer {
  const { config, invocation, memory } = context;
  const now = invocation.now();
  memory.unreadSince ??= now;
  const { busyWaitMs } = config;
  const choices = chooseUnread(request, { busyWaitMs, now, since: memory.unreadSince });
  logUnread(context, request, { choices, error });
  return toAnswer(request, choices, config);
}

/** The same when the time is over. */
export function answerLate(request: TerminationRequest, context: PolicyContext): TerminationAnswer {
  addCount(context.invocation.metrics, 'TimedOut');
  return answerUnread(request, context, new Error('The workers were not read within 1.2 seconds.'));
}
