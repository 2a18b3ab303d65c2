import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { formatValue } from '#shared/redact.ts';
import { type EndedAction, parseEndedAction } from '../action-event.ts';

/** What triggers FollowIncidents. An incident has opened, changed or closed: AWS Health is asked which. */
export type TriggerEvent = { readonly kind: 'sweep' } | { readonly kind: 'incident' } | PassedAction;

/** A Lambda action that has succeeded; most are not gates. */
export interface PassedAction extends EndedAction {
  readonly kind: 'passed action';
}

const anyEvent = eventBridgeEvent(z.unknown());
const incident = eventBridgeEvent(z.object({ eventTypeCategory: z.literal('issue') }));

/** @throws InvalidInputError with the field and its value */
export function parseEvent(body: unknown): TriggerEvent {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  switch (type) {
    case 'Scheduled Event':
      return { kind: 'sweep' };
    case 'CodePipeline Action Execution State Change':
      return { kind: 'passed action', ...parseEndedAction(body, 'SUCCEEDED') };
    case 'AWS Health Event':
      parseAs(incident, body, 'event');
      return { kind: 'incident' };
    default:
      throw new InvalidInputError(
        `detail-type: expected an event of this function, got ${formatValue(type)}`,
      );
  }
}
