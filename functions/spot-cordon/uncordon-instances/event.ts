import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import type { LaunchFailure } from '../domain/cordon-record.ts';
import { INSTANCE_ID } from '../domain/instance.ts';
import { type FailedLaunch, toLaunchFailure } from '../domain/replacement.ts';

/** What triggers UncordonInstances. Times are epoch milliseconds. */
export type TriggerEvent = { readonly kind: 'sweep' } | StateChange | ProtectionEvent | LaunchFailureEvent;

export interface StateChange {
  readonly kind: 'state-change';
  readonly instanceId: string;
  readonly state: string;
  readonly eventTime: number;
}

/** Somebody set or removed scale-in protection. */
interface ProtectionEvent {
  readonly kind: 'protection-change';
  readonly instanceIds: readonly string[];
  /** The name of the caller's session. Lambda gives a session the name of its function. */
  readonly sessionName?: string | undefined;
  readonly eventTime: number;
}

/** Auto Scaling could not launch an instance. */
interface LaunchFailureEvent extends FailedLaunch {
  readonly kind: 'launch-failure';
  readonly failure: LaunchFailure;
}

const anyEvent = eventBridgeEvent(z.unknown());
const stateChange = eventBridgeEvent(
  z.object({
    'instance-id': z.string().check(z.regex(INSTANCE_ID)),
    state: z.enum(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated']),
  }),
);

const protectionCall = eventBridgeEvent(
  z.object({
    eventName: z.literal('SetInstanceProtection'),
    eventTime: z.string().check(z.refine((time) => !Number.isNaN(Date.parse(time)), 'must be a time')),
    userIdentity: z.object({ principalId: z.optional(z.string()) }),
    requestParameters: z.object({ instanceIds: z.array(z.string()) }),
  }),
);

const failedLaunch = eventBridgeEvent(
  z.object({ AutoScalingGroupName: z.string(), StatusMessage: z._default(z.string(), '') }),
);

/** @throws InvalidInputError that names the field and its value */
export function parseTriggerEvent(body: unknown): TriggerEvent {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  if (type === 'Scheduled Event') return { kind: 'sweep' };
  if (type === 'AWS API Call via CloudTrail') return parseProtectionCall(body);
  if (type === 'EC2 Instance Launch Unsuccessful') return parseFailedLaunch(body);
  if (type !== 'EC2 Instance State-change Notification') {
    throw new InvalidInputError(
      `detail-type: expected an EC2 state change, a protection change, a failed launch or a schedule, got '${type.slice(0, 80)}'`,
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

function parseProtectionCall(body: unknown): ProtectionEvent {
  const { eventTime, userIdentity, requestParameters } = parseAs(protectionCall, body, 'event').detail;
  return {
    kind: 'protection-change',
    instanceIds: requestParameters.instanceIds.filter((id) => INSTANCE_ID.test(id)),
    // `<role id>:<session name>`; users and services have no session.
    sessionName: userIdentity.principalId?.split(':')[1],
    eventTime: Date.parse(eventTime),
  };
}

function parseFailedLaunch(body: unknown): LaunchFailureEvent {
  const { detail, time } = parseAs(failedLaunch, body, 'event');
  const failure = toLaunchFailure(detail.StatusMessage);
  return { kind: 'launch-failure', group: detail.AutoScalingGroupName, failure, at: Date.parse(time) };
}
