import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readExecuteConfig } from '../config.ts';
import { parseExecuteEvent } from './event.ts';
import { executeApproval } from './execute-approval.ts';

const config = readExecuteConfig();

/** Lambda retries a failed invocation twice; after that SweepApprovals takes over. */
export const handler = asyncInvocationHandler({
  parse: parseExecuteEvent,
  handle: (event, invocation) => executeApproval(event, config, invocation),
});
