import { queueHandler } from '#shared/handlers/queue.ts';
import { readConfig } from '../config.ts';
import { readOccasion } from './event.ts';
import { reconcileDiskAlarms } from './reconcile-disk-alarms.ts';

const config = readConfig();

/** Changes of instances and follow-ups come by queue; a schedule and people call it directly. */
export const handler = queueHandler({
  parse: readOccasion,
  handle: (deliveries, invocation) => reconcileDiskAlarms(deliveries, config, invocation),
});
