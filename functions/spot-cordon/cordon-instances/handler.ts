import { queueHandler } from '#shared/handlers/queue.ts';
import { readCordonConfig } from '../config.ts';
import { cordonInstances } from './cordon-instances.ts';
import { readNotice } from './event.ts';

const config = readCordonConfig();

/** Two queues, urgent and calm, and direct calls with a bare event. A failed message comes again until it is stale. */
export const handler = queueHandler({
  parse: (body) => readNotice(body, config),
  handle: (deliveries, invocation) => cordonInstances(deliveries, config, invocation),
});
