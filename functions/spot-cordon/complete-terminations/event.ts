import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import { INSTANCE_ID } from '../domain/instance.ts';
import type { LifecycleAction } from '../domain/lifecycle-action.ts';
import { TERMINATION_DUE } from '../messages/events.ts';

const anyEvent = eventBridgeEvent(z.unknown());
const lifecycleAction = eventBridgeEvent(
  z.object({
    EC2InstanceId: z.string().check(z.regex(INSTANCE_ID)),
    AutoScalingGroupName: z.string().check(z.minLength(1)),
    LifecycleHookName: z.string().check(z.minLength(1)),
    LifecycleActionToken: z.string().check(z.minLength(1)),
    LifecycleTransition: z.literal('autoscaling:EC2_INSTANCE_TERMINATING'),
    // AWS documents both for groups with a warm pool only, but other groups send them too.
    Origin: z.optional(z.string()),
    Destination: z.optional(z.string()),
  }),
);
const laterLook = eventBridgeEvent(
  z.object({
    instanceId: z.string().check(z.regex(INSTANCE_ID)),
    group: z.string(),
    hook: z.string(),
    token: z.string(),
    startedAt: z.number(),
    usesWarmPool: z.boolean(),
    drain: z.object({
      targetGroups: z.array(
        z.object({
          arn: z.string(),
          targetType: z.string(),
          vpcId: z.optional(z.string()),
          isInUse: z.boolean(),
        }),
      ),
      classicUntil: z.number(),
      lookEveryMs: z.number(),
      endsAt: z.number(),
    }),
  }),
);

/** @throws InvalidInputError that names the field and its value */
export function parseTerminationEvent(body: unknown): LifecycleAction {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  switch (type) {
    case 'EC2 Instance-terminate Lifecycle Action':
      return parseLifecycleAction(body);
    case TERMINATION_DUE:
      return parseAs(laterLook, body, 'event').detail;
    default:
      throw new InvalidInputError(
        `detail-type: expected a terminate lifecycle action, got '${type.slice(0, 80)}'`,
      );
  }
}

function parseLifecycleAction(body: unknown): LifecycleAction {
  const { detail, time } = parseAs(lifecycleAction, body, 'event');
  return {
    instanceId: detail.EC2InstanceId,
    group: detail.AutoScalingGroupName,
    hook: detail.LifecycleHookName,
    token: detail.LifecycleActionToken,
    startedAt: Date.parse(time),
    usesWarmPool: detail.Origin === WARM_POOL || detail.Destination === WARM_POOL,
  };
}

const WARM_POOL = 'WarmPool';
