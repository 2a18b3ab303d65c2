import { queueHandler } from '#shared/handlers/queue.ts';
import { readFollowConfig } from '../config.ts';
import { parseEvent } from './event.ts';
import { followIncidents } from './follow-incidents.ts';

const config = readFollowConfig();

/** Passed gates and incidents come from the queue, the sweep from a schedule. */
export const handler = queueHandler({
  parse: parseEvent,
  handle: (deliveries, invocation) => followIncidents(deliveries, config, invocation),
});
