import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { type FailedMarketLaunch, toFailedLaunch } from '../domain/fall-back.ts';
import type { Interruption } from '../domain/fall-back-record.ts';
import { INSTANCE_ID } from '../domain/instance.ts';

/** What triggers FallBackToOnDemand. */
export type MarketEvent =
  | { readonly kind: 'sweep' }
  | { readonly kind: 'launch-failure'; readonly group: string; readonly launch: FailedMarketLaunch }
  | { readonly kind: 'interruption'; readonly interruption: Interruption };

const anyEvent = eventBridgeEvent(z.unknown());
const failedLaunch = eventBridgeEvent(
  z.object({ AutoScalingGroupName: z.string(), StatusMessage: z._default(z.string(), '') }),
);
const warning = eventBridgeEvent(z.object({ 'instance-id': z.string().check(z.regex(INSTANCE_ID)) }));

/** @throws InvalidInputError that names the field and its value */
export function parseMarketEvent(body: unknown): MarketEvent {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  switch (type) {
    case 'Scheduled Event':
      return { kind: 'sweep' };
    case 'EC2 Instance Launch Unsuccessful':
      return parseFailedLaunch(body);
    case 'EC2 Spot Instance Interruption Warning': {
      const { detail, time } = parseAs(warning, body, 'event');
      const interruption = { instanceId: detail['instance-id'], at: Date.parse(time) };
      return { kind: 'interruption', interruption };
    }
    default:
      throw new InvalidInputError(
        `detail-type: expected a failed launch, an interruption warning or a schedule, got '${type.slice(0, 80)}'`,
      );
  }
}

function parseFailedLaunch(body: unknown): MarketEvent {
  const { detail, time } = parseAs(failedLaunch, body, 'event');
  const { AutoScalingGroupName: group, StatusMessage: message } = detail;
  return { kind: 'launch-failure', group, launch: toFailedLaunch(message, Date.parse(time)) };
}
