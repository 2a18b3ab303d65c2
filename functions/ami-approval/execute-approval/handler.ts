import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readExecuteConfig } from '../config.ts';
import { readDue } from '../request-approval/event.ts';
import { executeApproval } from './execute-approval.ts';

const config = readExecuteConfig();

/** The wing's own events. What fails is repeated by Lambda, then by the sweep. */
export const handler = asyncInvocationHandler({
  parse: readDue,
  handle: (due, invocation) => executeApproval(due, config, invocation),
});
