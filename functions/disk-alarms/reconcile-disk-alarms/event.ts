import * as z from 'zod/mini';
import { InvalidInputError, isRecord } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { scheduledEvent } from '#shared/events/schedule.ts';
import { parseAs } from '#shared/parse.ts';
import type { Recovery } from '../domain/recovery.ts';

const instanceId = z.string().check(z.regex(/^i-([0-9a-f]{8}|[0-9a-f]{17})$/));

const stateChange = eventBridgeEvent(
  z.object({ 'instance-id': instanceId, state: z.string() }),
  z.literal('EC2 Instance State-change Notification'),
);
const tagChange = eventBridgeEvent(
  z.object({ service: z.literal('ec2'), 'resource-type': z.literal('instance') }),
  z.literal('Tag Change on Resource'),
);
const alarmState = z.object({
  value: z.string(),
  reason: z._default(z.string(), ''),
  reasonData: z.optional(z.string()),
  timestamp: z._default(z.string(), ''),
  actionsSuppressedBy: z.optional(z.string()),
});
const alarmChange = eventBridgeEvent(
  z.object({ alarmName: z.string().check(z.minLength(1)), state: alarmState }),
  z.literal('CloudWatch Alarm State Change'),
);
const event = z.discriminatedUnion('detail-type', [stateChange, tagChange, alarmChange, scheduledEvent]);

/** The input of AWS's sample and a little more. Strict: a misspelled member must not select the whole fleet. */
const call = z.strictObject({
  /** A Name tag; `*` and `?` as in EC2 filters. Without it the call means the whole fleet. */
  hostname: z.optional(z.string().check(z.minLength(1), z.maxLength(255))),
  sns_topic_name: z.optional(z.string().check(z.minLength(1))),
  dry_run: z._default(z.boolean(), false),
});

const scope = z.union([
  z.strictObject({ instanceIds: z.array(instanceId).check(z.minLength(1)) }),
  z.strictObject({ hostname: z.string().check(z.minLength(1)) }),
  z.strictObject({ fleet: z.literal(true) }),
]);

/** A message to our own queue: changes that are not made yet, or instances to check again. */
const followUp = z.strictObject({
  task: z.strictObject({
    scope,
    topicArn: z.optional(z.string()),
    /** A direct call named the instances. */
    isNamed: z._default(z.boolean(), false),
    /** When that call was made, in epoch milliseconds. */
    calledAt: z.optional(z.number()),
    /** How many follow-ups came before it. */
    attempt: z.number(),
    /** Instances whose metrics were not listed yet, or changes that were not made yet. */
    reason: z.enum(['no-metrics', 'unfinished']),
    /** Epoch milliseconds. After this the next scheduled run does the work. */
    until: z.number(),
  }),
});

export type Scope = Readonly<z.output<typeof scope>>;
export type FollowUp = Readonly<z.output<typeof followUp>['task']>;

export type TriggerEvent =
  | { readonly kind: 'changed'; readonly instanceIds: readonly string[]; readonly isStart: boolean }
  | { readonly kind: 'recovery'; readonly recovery: Recovery }
  | { readonly kind: 'schedule' }
  | {
      readonly kind: 'call';
      readonly hostname?: string | undefined;
      readonly topic?: string | undefined;
      readonly dryRun: boolean;
    }
  | { readonly kind: 'follow-up'; readonly task: FollowUp };

/** @throws InvalidInputError that names the field and the value */
export function parseEvent(body: unknown): TriggerEvent {
  if (isRecord(body) && 'detail-type' in body) return parseAwsEvent(body);
  if (isRecord(body) && 'task' in body) {
    return { kind: 'follow-up', task: parseAs(followUp, body, 'follow-up').task };
  }
  const { hostname, sns_topic_name: topic, dry_run: dryRun } = parseAs(call, body, 'call');
  return { kind: 'call', hostname, topic, dryRun };
}

function parseAwsEvent(body: unknown): TriggerEvent {
  const read = parseAs(event, body, 'event');
  switch (read['detail-type']) {
    case 'EC2 Instance State-change Notification':
      return {
        kind: 'changed',
        instanceIds: [read.detail['instance-id']],
        isStart: read.detail.state === 'running',
      };
    case 'Tag Change on Resource':
      return { kind: 'changed', instanceIds: read.resources.map(instanceIdOf), isStart: false };
    case 'CloudWatch Alarm State Change':
      return { kind: 'recovery', recovery: toRecovery(read) };
    case 'Scheduled Event':
      return { kind: 'schedule' };
  }
}

function toRecovery({ time, detail: { alarmName, state } }: z.output<typeof alarmChange>): Recovery {
  return {
    alarmName,
    reason: state.reason,
    at: state.timestamp || time,
    becameCritical: hasNegativeValue(state.reasonData),
    isSuppressed: state.actionsSuppressedBy !== undefined,
  };
}

const reasonData = z.object({ recentDatapoints: z.array(z.nullish(z.number())) });

/** CloudWatch sends the alarm's latest values as JSON in a text. A composite alarm has none. */
function hasNegativeValue(data: string | undefined): boolean {
  if (data === undefined) return false;
  try {
    const { recentDatapoints } = reasonData.parse(JSON.parse(data));
    return recentDatapoints.some((value) => typeof value === 'number' && value < 0);
  } catch {
    return false;
  }
}

function instanceIdOf(arn: string): string {
  const id = /:instance\/(i-[0-9a-f]{8,17})$/.exec(arn)?.[1];
  if (id === undefined)
    throw new InvalidInputError(
      `event: resources must name instances, got ${JSON.stringify(arn).slice(0, 100)}`,
    );
  return id;
}
