import { queueHandler } from '#shared/handlers/queue.ts';
import { readFallBackConfig } from '../config.ts';
import { parseMarketEvent } from './event.ts';
import { fallBackToOnDemand } from './fall-back-to-on-demand.ts';

const config = readFallBackConfig();

/** Handles failed launches and interruptions from a queue, and the scheduled sweep. */
export const handler = queueHandler({
  parse: parseMarketEvent,
  handle: (messages, invocation) => fallBackToOnDemand(messages, config, invocation),
});
