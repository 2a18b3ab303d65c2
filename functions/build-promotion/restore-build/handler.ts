import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readRestoreConfig } from '../config.ts';
import { parseRestoreRequest } from './event.ts';
import { restoreBuilds } from './restore-build.ts';

const config = readRestoreConfig();

/** A call restores one build; the schedule continues every open restore. */
export const handler = asyncInvocationHandler({
  parse: parseRestoreRequest,
  handle: (request, invocation) => restoreBuilds(request, config, invocation),
});
