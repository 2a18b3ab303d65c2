import * as z from 'zod/mini';
import { InvalidInputError } from '#shared/errors.ts';
import { eventBridgeEvent } from '#shared/events/eventbridge.ts';
import { parseAs } from '#shared/parse.ts';
import {
  type Disruption,
  type EventInfo,
  findMaintenanceKind,
  interruptionDisruption,
  maintenanceDisruption,
  rebalanceDisruption,
} from '../domain/disruption.ts';
import { HOST_ID, INSTANCE_ID } from '../domain/instance.ts';
import type { ClosedNotice } from '../domain/maintenance.ts';
import { CORDON_DUE } from '../messages/events.ts';

/** What one event means for this wing. Where AWS names a Dedicated Host, its id stands for the instances on it. */
export type WarningEvent =
  | {
      readonly kind: 'disruption';
      readonly disruptions: readonly Disruption[];
      readonly ignored: readonly IgnoredEntity[];
      /** Instances for which the maintenance is over, although the event is still open. */
      readonly resolved?: EndedMaintenance;
    }
  | ({ readonly kind: 'cancellation'; readonly ignored: readonly IgnoredEntity[] } & EndedMaintenance)
  | { readonly kind: 'due'; readonly instanceId: string }
  | { readonly kind: 'ignored'; readonly ignored: readonly IgnoredEntity[] };

export interface EndedMaintenance extends ClosedNotice {
  readonly instanceIds: readonly string[];
}

/** The maintenance that the event says is over. */
export function endedMaintenance(message: WarningEvent): EndedMaintenance | undefined {
  if (message.kind === 'cancellation') return message;
  return message.kind === 'disruption' ? message.resolved : undefined;
}

/** A part of an event that the wing does not act on, and why. */
interface IgnoredEntity {
  readonly value: string;
  readonly reason: string;
}

export interface ParseOptions {
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
    eventArn: z.optional(z.string()),
    // Older events have none.
    statusCode: z._default(z.enum(['open', 'upcoming', 'closed']), 'open'),
    // AWS Health writes RFC 1123 dates, unlike other services.
    startTime: z.string(),
    endTime: z.optional(z.string()),
    eventRegion: z.optional(z.string()),
    affectedEntities: z.optional(
      z.array(z.object({ entityValue: z.string(), status: z.optional(z.string()) })),
    ),
  }),
);
const anyEvent = eventBridgeEvent(z.unknown());

/** @throws InvalidInputError that names the field and its value */
export function parseWarningEvent(body: unknown, options: ParseOptions): WarningEvent {
  const type = parseAs(anyEvent, body, 'event')['detail-type'];
  switch (type) {
    case 'EC2 Spot Instance Interruption Warning':
      return parseInterruptionWarning(body, 'spot interruption');
    case 'EC2 Capacity Reservation Instance Interruption Warning':
      return parseInterruptionWarning(body, 'capacity reservation interruption');
    case 'EC2 Instance Rebalance Recommendation':
      return parseRebalanceRecommendation(body, options);
    case 'AWS Health Event':
      return parseHealthEvent(body, options);
    case CORDON_DUE:
      return { kind: 'due', instanceId: parseAs(recommendation, body, 'event').detail['instance-id'] };
    default:
      throw new InvalidInputError(
        `detail-type: expected an EC2 warning or an AWS Health event, got '${type}'`,
      );
  }
}

function parseInterruptionWarning(
  body: unknown,
  reason: 'spot interruption' | 'capacity reservation interruption',
): WarningEvent {
  const event = parseAs(warning, body, 'event');
  const { 'instance-id': id, 'instance-action': action } = event.detail;
  const disruption = interruptionDisruption(eventInfo(event, id), reason, action);
  return { kind: 'disruption', disruptions: [disruption], ignored: [] };
}

function parseRebalanceRecommendation(body: unknown, options: ParseOptions): WarningEvent {
  const event = parseAs(recommendation, body, 'event');
  const info = eventInfo(event, event.detail['instance-id']);
  const disruption = rebalanceDisruption(info, options.rebalanceHoldMs);
  return { kind: 'disruption', disruptions: [disruption], ignored: [] };
}

function parseHealthEvent(body: unknown, options: ParseOptions): WarningEvent {
  const event = parseAs(health, body, 'event');
  const { detail } = event;
  const region = detail.eventRegion ?? event.region;
  // AWS sends backup copies of events to us-west-2 and us-east-1. Only the copy in the event's own Region counts.
  if (region !== options.region) return ignoredEvent(region, `is in another Region than ${options.region}`);
  const kind = findMaintenanceKind(detail.eventTypeCode);
  if (!kind) return ignoredEvent(detail.eventTypeCode, 'does not affect a running instance');
  const entities = parseEntities(detail.affectedEntities ?? []);
  const { pending, resolved, ignored } = entities;
  if (pending.length + resolved.length + ignored.length === 0)
    return ignoredEvent(event.id, 'names no resource');
  // Other tools write absent texts as empty ones.
  const notice = detail.eventArn || kind.reason;
  const closed = { notice, eventTime: parseDate('time', event.time) };
  // Instances of called-off maintenance are RESOLVED too, so the status of an entity does not matter here.
  if (detail.statusCode === 'closed')
    return { kind: 'cancellation', instanceIds: [...pending, ...resolved], ignored, ...closed };
  const startsAt = parseDate('detail.startTime', detail.startTime);
  const endsAt = detail.endTime ? parseDate('detail.endTime', detail.endTime) : undefined;
  const disruptions = pending.map((id) =>
    maintenanceDisruption({ ...eventInfo(event, id), notice }, kind, startsAt, endsAt),
  );
  const ended = resolved.length > 0 ? { resolved: { instanceIds: resolved, ...closed } } : {};
  return { kind: 'disruption', disruptions, ignored, ...ended };
}

interface ParsedEntities {
  readonly pending: readonly string[];
  readonly resolved: readonly string[];
  readonly ignored: readonly IgnoredEntity[];
}

/** AWS documents entities both as bare ids and as full ARNs. */
function parseEntities(
  entities: readonly { readonly entityValue: string; readonly status?: string | undefined }[],
): ParsedEntities {
  const pending = new Set<string>();
  const resolved = new Set<string>();
  const ignored: IgnoredEntity[] = [];
  for (const { entityValue, status } of entities) {
    const id = entityValue.slice(entityValue.lastIndexOf('/') + 1);
    if (!INSTANCE_ID.test(id) && !HOST_ID.test(id))
      ignored.push({
        value: entityValue.slice(0, 120),
        reason: 'is neither an instance nor a Dedicated Host',
      });
    else (status === 'RESOLVED' ? resolved : pending).add(id);
  }
  return { pending: [...pending], resolved: [...resolved], ignored };
}

function ignoredEvent(value: string, reason: string): WarningEvent {
  return { kind: 'ignored', ignored: [{ value, reason }] };
}

function eventInfo(event: { readonly id: string; readonly time: string }, id: string): EventInfo {
  return { instanceId: id, eventTime: parseDate('time', event.time), sourceEventId: event.id };
}

function parseDate(field: string, value: string): number {
  const time = Date.parse(value);
  if (Number.isNaN(time))
    throw new InvalidInputError(`${field}: expected a date, got '${value.slice(0, 80)}'`);
  return time;
}
