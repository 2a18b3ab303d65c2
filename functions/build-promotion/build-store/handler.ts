import { asyncInvocationHandler } from '#shared/handlers/async-invocation.ts';
import { readStoreConfig } from '../config.ts';
import { handleStoreRequest } from './build-store.ts';
import { parseStoreRequest } from './event.ts';

const config = readStoreConfig();

/** Invoked synchronously by PromoteBuild, RestoreBuild and people. Repeating a request with the same key is safe. */
export const handler = asyncInvocationHandler({
  parse: parseStoreRequest,
  handle: (request, invocation) => handleStoreRequest(request, config, invocation),
});
