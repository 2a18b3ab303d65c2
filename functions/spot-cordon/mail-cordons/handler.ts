import { queueHandler } from '#shared/handlers/queue.ts';
import { readMailConfig } from '../config.ts';
import { parseMailEvent } from './event.ts';
import { mailCordons } from './mail-cordons.ts';

const config = readMailConfig();

/** Handles the wing's own events from a queue. What fails is delivered again. */
export const handler = queueHandler({
  parse: parseMailEvent,
  handle: (messages, invocation) => mailCordons(messages, config, invocation),
});
