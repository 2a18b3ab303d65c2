import { queueDoor } from '#shared/handlers/queue.ts';
import { readCordonConfig } from '../config.ts';
import { cordonInstances } from './cordon-instances.ts';
import { readNotice } from './event.ts';

const config = readCordonConfig();

/** Two queues, urgent and calm, and direct calls with a bare event. A failed message comes again until it is stale. */
export const handler = queueDoor({
  parse: (body) => readNotice(body, config),
  handle: (deliveries, tools) => cordonInstances(deliveries, config, tools),
});
