import { queueHandler } from '#shared/handlers/queue.ts';
import { readUncordonConfig } from '../config.ts';
import { readOccasion } from './event.ts';
import { uncordonInstances } from './uncordon-instances.ts';

const config = readUncordonConfig();

/** State changes come by queue, the sweep by schedule. What fails stays in the table for the next sweep. */
export const handler = queueHandler({
  parse: readOccasion,
  handle: (deliveries, invocation) => uncordonInstances(deliveries, config, invocation),
});
