import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readStoreConfig } from '../config.ts';
import { readRequest } from '../protocol/store-request.ts';
import { serve } from './build-store.ts';

const config = readStoreConfig();

/** Asked by PromoteBuild, RestoreBuild and people, and answered at once. A repeat with the same key is safe. */
export const handler = asyncInvocationHandler({
  parse: readRequest,
  handle: (request, invocation) => serve(request, config, invocation),
});
