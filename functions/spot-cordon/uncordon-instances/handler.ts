import { queueHandler } from '#shared/handlers/queue.ts';
import { readUncordonConfig } from '../config.ts';
import { parseTriggerEvent } from './event.ts';
import { uncordonInstances } from './uncordon-instances.ts';

const config = readUncordonConfig();

/** Handles state changes from a queue and the scheduled sweep. What fails stays in the table for the next sweep. */
export const handler = queueHandler({
  parse: parseTriggerEvent,
  handle: (messages, invocation) => uncordonInstances(messages, config, invocation),
});
