import { eventDoor } from '#shared/handlers/async-invocation.ts';
import { readRestoreConfig } from '../config.ts';
import { readRestoreRequest, restoreBuilds } from './restore-build.ts';

const config = readRestoreConfig();

/** A call names a build; the schedule follows every restore that is open. */
export const handler = eventDoor({
  parse: readRestoreRequest,
  handle: (request, tools) => restoreBuilds(request, config, tools),
});
