import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readExecuteConfig } from '../config.ts';
import { parseDueEvent } from '../messages/events.ts';
import { executeApproval } from './execute-approval.ts';

const config = readExecuteConfig();

/** Lambda retries a failed invocation twice; after that SweepApprovals takes over. */
export const handler = asyncInvocationHandler({
  parse: parseDueEvent,
  handle: (due, invocation) => executeApproval(due, config, invocation),
});
