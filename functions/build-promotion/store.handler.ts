import { eventDoor } from '../../shared/doors/event.ts';
import { readStoreConfig } from './config.ts';
import { readRequest } from './request.ts';
import { serve } from './serve.ts';

const config = readStoreConfig();

/** Asked by PromoteBuild, RestoreBuild and people, and answered at once. A repeat with the same key is safe. */
export const handler = eventDoor({
  parse: readRequest,
  handle: (request, tools) => serve(request, config, tools),
});
