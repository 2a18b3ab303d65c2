import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readPruneConfig } from '../config.ts';
import { parsePruneEvent } from './event.ts';
import { pruneBuilds } from './prune-builds.ts';

const config = readPruneConfig();

/** Runs by schedule, or by a direct call. The next run continues when time runs out. */
export const handler = asyncInvocationHandler({
  parse: parsePruneEvent,
  handle: (_, invocation) => pruneBuilds(config, invocation),
});
