import * as z from 'zod/mini';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { INSTANCE_ID } from '../domain/instance.ts';
import { CORDONED } from '../messages/events.ts';

/** The wing's own event `Instance Cordoned`. The record has everything else. */
export interface CordonedEvent {
  readonly instanceId: string;
}

const cordoned = eventBridgeEvent(
  z.object({ instanceId: z.string().check(z.regex(INSTANCE_ID)) }),
  z.literal(CORDONED),
);

/** @throws InvalidInputError that names the field and its value */
export function parseCordonedEvent(body: unknown): CordonedEvent {
  return { instanceId: parseAs(cordoned, body, 'event').detail.instanceId };
}
