import { queueHandler } from '#shared/handlers/queue.ts';
import { readCordonConfig } from '../config.ts';
import { cordonInstances } from './cordon-instances.ts';
import { parseWarningEvent } from './event.ts';

const config = readCordonConfig();

/** Handles the interruption queue, the advisory queue and direct invocations. SQS retries failed messages until they are stale. */
export const handler = queueHandler({
  parse: (body) => parseWarningEvent(body, config),
  handle: (messages, invocation) => cordonInstances(messages, config, invocation),
});
