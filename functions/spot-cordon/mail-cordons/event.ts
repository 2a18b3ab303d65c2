import * as z from 'zod/mini';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { type LaunchFailure, launchFailures } from '../domain/cordon-record.ts';
import { INSTANCE_ID } from '../domain/instance.ts';
import { CORDONED, LAUNCH_FAILED, OVERDUE } from '../messages/events.ts';

/** One of the wing's own events. The record has everything else. */
export type MailEvent =
  | { readonly kind: 'cordoned'; readonly instanceId: string }
  | { readonly kind: 'overdue'; readonly instanceId: string; readonly isToTerminate: boolean }
  | { readonly kind: 'launch failed'; readonly instanceId: string; readonly failure: LaunchFailure };

const instanceId = z.string().check(z.regex(INSTANCE_ID));
const anyEvent = eventBridgeEvent(z.unknown(), z.enum([CORDONED, OVERDUE, LAUNCH_FAILED]));
const cordoned = eventBridgeEvent(z.object({ instanceId }));
const overdue = eventBridgeEvent(z.object({ instanceId, overdueAction: z.enum(['terminate', 'none']) }));
const launchFailed = eventBridgeEvent(z.object({ instanceId, launchFailure: z.enum(launchFailures) }));

/** @throws InvalidInputError that names the field and its value */
export function parseMailEvent(body: unknown): MailEvent {
  switch (parseAs(anyEvent, body, 'event')['detail-type']) {
    case CORDONED:
      return { kind: 'cordoned', instanceId: parseAs(cordoned, body, 'event').detail.instanceId };
    case OVERDUE: {
      const { detail } = parseAs(overdue, body, 'event');
      const isToTerminate = detail.overdueAction === 'terminate';
      return { kind: 'overdue', instanceId: detail.instanceId, isToTerminate };
    }
    case LAUNCH_FAILED: {
      const { detail } = parseAs(launchFailed, body, 'event');
      return { kind: 'launch failed', instanceId: detail.instanceId, failure: detail.launchFailure };
    }
  }
}
