import * as z from 'zod/mini';
import { InvalidInputError, isRecord } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { scheduledEvent } from '#shared/events/schedule.ts';
import { parseAs } from '#shared/parse.ts';

const instanceId = z.string().check(z.regex(/^i-([0-9a-f]{8}|[0-9a-f]{17})$/));

const stateChange = eventBridgeEvent(
  z.object({ 'instance-id': instanceId, state: z.string() }),
  z.literal('EC2 Instance State-change Notification'),
);
const tagChange = eventBridgeEvent(
  z.object({ service: z.literal('ec2'), 'resource-type': z.literal('instance') }),
  z.literal('Tag Change on Resource'),
);
const event = z.discriminatedUnion('detail-type', [stateChange, tagChange, scheduledEvent]);

/** As AWS's sample is called, and a little more. Strict, so that a misspelt member does not mean the whole fleet. */
const call = z.strictObject({
  /** A Name tag, with wildcards as EC2's filters know them; without it the whole fleet. */
  hostname: z.optional(z.string().check(z.minLength(1), z.maxLength(255))),
  sns_topic_name: z.optional(z.string().check(z.minLength(1))),
  dry_run: z._default(z.boolean(), false),
});

const scope = z.union([
  z.strictObject({ instanceIds: z.array(instanceId).check(z.minLength(1)) }),
  z.strictObject({ hostname: z.string().check(z.minLength(1)) }),
  z.strictObject({ fleet: z.literal(true) }),
]);

/** What the wing sends to its own queue: what is left to do, or whom to look at again. */
const followUp = z.strictObject({
  task: z.strictObject({
    scope,
    topicArn: z.optional(z.string()),
    /** How often it was put off before. */
    round: z.number(),
    /** Whether it is for instances whose metrics were not listed yet, or for changes that were not made yet. */
    why: z.enum(['unheard', 'unfinished']),
    /** Epoch milliseconds after which it is left to the next scheduled run. */
    until: z.number(),
  }),
});

export type Scope = Readonly<z.output<typeof scope>>;
export type FollowUp = Readonly<z.output<typeof followUp>['task']>;

export type Occasion =
  | { readonly kind: 'changed'; readonly instanceIds: readonly string[]; readonly isStart: boolean }
  | { readonly kind: 'schedule' }
  | {
      readonly kind: 'call';
      readonly hostname?: string | undefined;
      readonly topic?: string | undefined;
      readonly dryRun: boolean;
    }
  | { readonly kind: 'follow-up'; readonly task: FollowUp };

/** Why the function was called; BadInput names what cannot be used. */
export function readOccasion(body: unknown): Occasion {
  if (isRecord(body) && 'detail-type' in body) return readEvent(body);
  if (isRecord(body) && 'task' in body) {
    return { kind: 'follow-up', task: parseAs(followUp, body, 'follow-up').task };
  }
  const { hostname, sns_topic_name: topic, dry_run: dryRun } = parseAs(call, body, 'call');
  return { kind: 'call', hostname, topic, dryRun };
}

function readEvent(body: unknown): Occasion {
  const read = parseAs(event, body, 'event');
  switch (read['detail-type']) {
    case 'EC2 Instance State-change Notification':
      return {
        kind: 'changed',
        instanceIds: [read.detail['instance-id']],
        isStart: read.detail.state === 'running',
      };
    case 'Tag Change on Resource':
      return { kind: 'changed', instanceIds: read.resources.map(idIn), isStart: false };
    case 'Scheduled Event':
      return { kind: 'schedule' };
  }
}

function idIn(arn: string): string {
  const id = /:instance\/(i-[0-9a-f]{8,17})$/.exec(arn)?.[1];
  if (id === undefined)
    throw new InvalidInputError(
      `event: resources must name instances, got ${JSON.stringify(arn).slice(0, 100)}`,
    );
  return id;
}
