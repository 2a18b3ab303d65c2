import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import {
  type Danger,
  interruption,
  maintenance,
  maintenanceKind,
  rebalance,
  type Seen,
} from '../domain/disruption.ts';
import { INSTANCE_ID } from '../domain/instance.ts';
import { CORDON_DUE } from '../messages/events.ts';

/** What one event says, in the wing's own terms. */
export type Notice =
  | { readonly kind: 'danger'; readonly dangers: readonly Danger[]; readonly ignored: readonly Ignored[] }
  | {
      readonly kind: 'all-clear';
      readonly instanceIds: readonly string[];
      readonly ignored: readonly Ignored[];
      readonly eventTime: number;
    }
  | { readonly kind: 'due'; readonly instanceId: string }
  | { readonly kind: 'none'; readonly ignored: readonly Ignored[] };

/** A part of an event that the wing leaves alone, and why. */
export interface Ignored {
  readonly value: string;
  readonly reason: string;
}

export interface NoticeRules {
  readonly region: string;
  readonly rebalanceHoldMs: number;
}

const instanceId = z.string().check(z.regex(INSTANCE_ID));

const warning = eventBridgeEvent(
  z.object({ 'instance-id': instanceId, 'instance-action': z.enum(['terminate', 'stop', 'hibernate']) }),
);
const recommendation = eventBridgeEvent(z.object({ 'instance-id': instanceId }));
const health = eventBridgeEvent(
  z.object({
    service: z.literal('EC2'),
    eventTypeCategory: z.literal('scheduledChange'),
    eventTypeCode: z.string(),
    statusCode: z.enum(['open', 'upcoming', 'closed']),
    // AWS writes RFC 1123 here, unlike everywhere else.
    startTime: z.string(),
    endTime: z.optional(z.string()),
    eventRegion: z.optional(z.string()),
    affectedEntities: z.optional(
      z.array(z.object({ entityValue: z.string(), status: z.optional(z.string()) })),
    ),
  }),
);
const anyEvent = eventBridgeEvent(z.unknown());

/** @throws BadInput naming the field and the value it got */
export function readNotice(body: unknown, rules: NoticeRules): Notice {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  switch (type) {
    case 'EC2 Spot Instance Interruption Warning':
      return readWarning(body, 'spot interruption');
    case 'EC2 Capacity Reservation Instance Interruption Warning':
      return readWarning(body, 'capacity reservation interruption');
    case 'EC2 Instance Rebalance Recommendation':
      return readRecommendation(body, rules);
    case 'AWS Health Event':
      return readHealth(body, rules);
    case CORDON_DUE:
      return { kind: 'due', instanceId: parseAs(recommendation, body, 'event').detail['instance-id'] };
    default:
      throw new InvalidInputError(`detail-type: no event of this wing: '${type}'`);
  }
}

function readWarning(
  body: unknown,
  reason: 'spot interruption' | 'capacity reservation interruption',
): Notice {
  const event = parseAs(warning, body, 'event');
  const danger = interruption(
    seenIn(event, event.detail['instance-id']),
    reason,
    event.detail['instance-action'],
  );
  return { kind: 'danger', dangers: [danger], ignored: [] };
}

function readRecommendation(body: unknown, rules: NoticeRules): Notice {
  const event = parseAs(recommendation, body, 'event');
  const danger = rebalance(seenIn(event, event.detail['instance-id']), rules.rebalanceHoldMs);
  return { kind: 'danger', dangers: [danger], ignored: [] };
}

function readHealth(body: unknown, rules: NoticeRules): Notice {
  const event = parseAs(health, body, 'event');
  const { detail } = event;
  const home = detail.eventRegion ?? event.region;
  // us-west-2 and us-east-1 get backup copies of other Regions' events; the copy at home is the one to act on.
  if (home !== rules.region) return leave(home, `happens in another Region than ${rules.region}`);
  const kind = maintenanceKind(detail.eventTypeCode);
  if (!kind) return leave(detail.eventTypeCode, 'does not touch a running instance');
  const entities = sortEntities(detail.affectedEntities ?? []);
  if (entities.instances.length + entities.ignored.length === 0) return leave(event.id, 'names nothing');
  if (detail.statusCode === 'closed') return allClear(entities, event.time);
  const startsAt = readDate('detail.startTime', detail.startTime);
  const endsAt = detail.endTime === undefined ? undefined : readDate('detail.endTime', detail.endTime);
  const dangers = entities.instances.map((id) => maintenance(seenIn(event, id), kind, startsAt, endsAt));
  return { kind: 'danger', dangers, ignored: entities.ignored };
}

interface Entities {
  readonly instances: readonly string[];
  readonly ignored: readonly Ignored[];
}

/** Entities come as bare ids in one page of AWS's documentation and as full ARNs in another; hosts come along. */
function sortEntities(
  entities: readonly { readonly entityValue: string; readonly status?: string | undefined }[],
): Entities {
  const instances = new Set<string>();
  const ignored: Ignored[] = [];
  for (const { entityValue, status } of entities) {
    const id = entityValue.slice(entityValue.lastIndexOf('/') + 1);
    if (!INSTANCE_ID.test(id)) ignored.push({ value: entityValue.slice(0, 120), reason: 'is no instance' });
    else if (status === 'RESOLVED') ignored.push({ value: id, reason: 'is resolved already' });
    else instances.add(id);
  }
  return { instances: [...instances], ignored };
}

function allClear({ instances, ignored }: Entities, time: string): Notice {
  return { kind: 'all-clear', instanceIds: instances, ignored, eventTime: readDate('time', time) };
}

function leave(value: string, reason: string): Notice {
  return { kind: 'none', ignored: [{ value, reason }] };
}

function seenIn(event: { readonly id: string; readonly time: string }, id: string): Seen {
  return { instanceId: id, eventTime: readDate('time', event.time), sourceEventId: event.id };
}

function readDate(field: string, value: string): number {
  const time = Date.parse(value);
  if (Number.isNaN(time)) throw new InvalidInputError(`${field}: no date: '${value.slice(0, 80)}'`);
  return time;
}
