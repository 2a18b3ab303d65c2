import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readPruneConfig } from '../config.ts';
import { pruneBuilds } from './prune-builds.ts';

const config = readPruneConfig();

/** By schedule, or by a call with any payload. What there is no time for is left to the next one. */
export const handler = asyncInvocationHandler({
  parse: () => undefined,
  handle: (_, invocation) => pruneBuilds(config, invocation),
});
