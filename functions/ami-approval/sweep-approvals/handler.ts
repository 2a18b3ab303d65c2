import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readSweepConfig } from '../config.ts';
import { parseSweepEvent } from './event.ts';
import { sweepApprovals } from './sweep-approvals.ts';

const config = readSweepConfig();

/** Runs on a schedule. The next run does what a failed one left. */
export const handler = asyncInvocationHandler({
  parse: parseSweepEvent,
  handle: (_, invocation) => sweepApprovals(config, invocation),
});
