import * as z from 'zod/mini';
import { eventBridgeEvent } from './eventbridge.ts';

/** A schedule's event. EventBridge Scheduler sends its `detail` as the text "{}", a rule as an empty object. */
export const scheduledEvent = eventBridgeEvent(
  z.union([z.string(), z.record(z.string(), z.unknown())]),
  z.literal('Scheduled Event'),
);
