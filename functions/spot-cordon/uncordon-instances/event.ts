import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { INSTANCE_ID } from '../domain/instance.ts';

/** What triggers UncordonInstances. Times are epoch milliseconds. */
export type TriggerEvent = { readonly kind: 'sweep' } | StateChange;

export interface StateChange {
  readonly kind: 'state-change';
  readonly instanceId: string;
  readonly state: string;
  readonly eventTime: number;
}

const anyEvent = eventBridgeEvent(z.unknown());
const stateChange = eventBridgeEvent(
  z.object({
    'instance-id': z.string().check(z.regex(INSTANCE_ID)),
    state: z.enum(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated']),
  }),
);

/** @throws InvalidInputError that names the field and its value */
export function parseTriggerEvent(body: unknown): TriggerEvent {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  if (type === 'Scheduled Event') return { kind: 'sweep' };
  if (type !== 'EC2 Instance State-change Notification') {
    throw new InvalidInputError(
      `detail-type: expected an EC2 state change or a schedule, got '${type.slice(0, 80)}'`,
    );
  }
  const { detail, time } = parseAs(stateChange, body, 'event');
  return {
    kind: 'state-change',
    instanceId: detail['instance-id'],
    state: detail.state,
    eventTime: Date.parse(time),
  };
}
