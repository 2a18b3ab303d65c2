import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readRestoreConfig } from '../config.ts';
import { parseRestoreRequest, restoreBuilds } from './restore-build.ts';

const config = readRestoreConfig();

/** A call restores one build; the schedule continues every open restore. */
export const handler = asyncInvocationHandler({
  parse: parseRestoreRequest,
  handle: (request, invocation) => restoreBuilds(request, config, invocation),
});
