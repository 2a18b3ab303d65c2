import { queueHandler } from '#shared/handlers/queue.ts';
import { readResumeConfig } from '../config.ts';
import { parseEvent } from './event.ts';
import { resumeDeployments } from './resume-deployments.ts';

const config = readResumeConfig();

/** Events and reminders come from the queue, the sweep from a schedule. Failed holds stay in the table for the sweep. */
export const handler = queueHandler({
  parse: parseEvent,
  handle: (deliveries, invocation) => resumeDeployments(deliveries, config, invocation),
});
