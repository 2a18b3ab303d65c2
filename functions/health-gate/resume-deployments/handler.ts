import { queueHandler } from '#shared/handlers/queue.ts';
import { readResumeConfig } from '../config.ts';
import { parseEvent } from './event.ts';
import { resumeDeployments } from './resume-deployments.ts';

const config = readResumeConfig();

/** Events and the wing's own reminders come by queue, the sweep by schedule. What fails stays in the table for it. */
export const handler = queueHandler({
  parse: parseEvent,
  handle: (deliveries, invocation) => resumeDeployments(deliveries, config, invocation),
});
