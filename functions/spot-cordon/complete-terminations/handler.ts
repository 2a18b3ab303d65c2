import { queueHandler } from '#shared/handlers/queue.ts';
import { readTerminationConfig } from '../config.ts';
import { completeTerminations } from './complete-terminations.ts';
import { parseTerminationEvent } from './event.ts';

const config = readTerminationConfig();

/** Handles terminate lifecycle actions, and its own messages about drains that are under way. */
export const handler = queueHandler({
  parse: parseTerminationEvent,
  handle: (messages, invocation) => completeTerminations(messages, config, invocation),
});
