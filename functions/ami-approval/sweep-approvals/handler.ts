import { scheduledEvent } from '#shared/events/schedule.ts';
import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { parseAs } from '#shared/parse.ts';
import { readSweepConfig } from '../config.ts';
import { sweepApprovals } from './sweep-approvals.ts';

const config = readSweepConfig();

/** Runs on a schedule. The next run does what a failed one left. */
export const handler = asyncInvocationHandler({
  parse: (event) => parseAs(scheduledEvent, event, 'event'),
  handle: (_, invocation) => sweepApprovals(config, invocation),
});
