import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readRequestConfig } from '../config.ts';
import { readOccasions } from './event.ts';
import { requestApproval } from './request-approval.ts';

const config = readRequestConfig();

/** Image Builder's events and SNS messages, and the wing's own events. What fails is repeated by Lambda, then by the sweep. */
export const handler = asyncInvocationHandler({
  parse: readOccasions,
  handle: (occasions, invocation) => requestApproval(occasions, config, invocation),
});
