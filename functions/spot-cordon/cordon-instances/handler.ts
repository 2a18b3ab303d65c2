import { queueHandler } from '#shared/handlers/queue.ts';
import { readCordonConfig } from '../config.ts';
import { cordonInstances } from './cordon-instances.ts';
import { parseWarningEvent } from './event.ts';

const config = readCordonConfig();

/** Handles both queues and direct invocations. SQS delivers failed messages again until they are stale. */
export const handler = queueHandler({
  parse: (body) => parseWarningEvent(body, config),
  handle: (messages, invocation) => cordonInstances(messages, config, invocation),
});
