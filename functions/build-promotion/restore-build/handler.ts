import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readRestoreConfig } from '../config.ts';
import { readRestoreRequest, restoreBuilds } from './restore-build.ts';

const config = readRestoreConfig();

/** A call names a build; the schedule follows every restore that is open. */
export const handler = asyncInvocationHandler({
  parse: readRestoreRequest,
  handle: (request, invocation) => restoreBuilds(request, config, invocation),
});
