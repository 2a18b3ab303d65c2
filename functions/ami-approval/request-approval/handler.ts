import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readRequestConfig } from '../config.ts';
import { parseEvents } from './event.ts';
import { requestApproval } from './request-approval.ts';

const config = readRequestConfig();

/** Lambda retries a failed invocation twice; after that SweepApprovals takes over. */
export const handler = asyncInvocationHandler({
  parse: parseEvents,
  handle: (events, invocation) => requestApproval(events, config, invocation),
});
