import { queueHandler } from '#shared/handlers/queue.ts';
import { readConfig } from '../config.ts';
import { parseEvent } from './event.ts';
import { reconcileDiskAlarms } from './reconcile-disk-alarms.ts';

const config = readConfig();

/** Instance events and follow-ups arrive through the queue. The schedule and people invoke the function directly. */
export const handler = queueHandler({
  parse: parseEvent,
  handle: (deliveries, invocation) => reconcileDiskAlarms(deliveries, config, invocation),
});
