import type { Disruption } from '../domain/disruption.ts';
import type { ClosedNotice } from '../domain/maintenance.ts';
import { endedMaintenance, type WarningEvent } from './event.ts';

/** A message and its parsed event. */
export interface ReceivedEvent {
  readonly id: string;
  readonly message: WarningEvent;
}

/** What a batch says about each instance, and in which messages. */
export interface GroupedBatch {
  readonly disruptions: ReadonlyMap<string, InstanceMessages>;
  readonly due: ReadonlyMap<string, InstanceMessages>;
  readonly cancellations: ReadonlyMap<string, Cancellation>;
  readonly dropped: readonly DroppedEvent[];
}

export interface InstanceMessages {
  readonly messageIds: readonly string[];
  /** In the order of their events' times. Empty for deferred maintenance that is due: its record has the details. */
  readonly disruptions: readonly Disruption[];
}

interface Cancellation {
  readonly messageIds: readonly string[];
  readonly closed: readonly ClosedNotice[];
}

export interface DroppedEvent {
  readonly instanceId: string;
  readonly reason: string;
  readonly detail?: Readonly<Record<string, string>>;
}

/** Groups a batch by instance. Drops disruptions that are too old to act on or are cancelled in the same batch. */
export function groupBatchByInstance(received: readonly ReceivedEvent[], now: number): GroupedBatch {
  const cancellations = findCancellations(received);
  const disruptions = new Map<string, InstanceMessages>();
  const due = new Map<string, InstanceMessages>();
  const dropped: DroppedEvent[] = [];
  for (const { id, message } of received) {
    if (message.kind === 'due') addMessage(due, message.instanceId, id);
    if ('ignored' in message)
      dropped.push(...message.ignored.map(({ value, reason }) => ({ instanceId: value, reason })));
    for (const disruption of message.kind === 'disruption' ? message.disruptions : []) {
      const drop = findDrop(disruption, cancellations.get(disruption.instanceId), now);
      if (drop) dropped.push(drop);
      else addMessage(disruptions, disruption.instanceId, id, disruption);
    }
  }
  return { disruptions, due, cancellations, dropped };
}

function addMessage(
  byInstance: Map<string, InstanceMessages>,
  instanceId: string,
  messageId: string,
  disruption?: Disruption,
): void {
  const before = byInstance.get(instanceId);
  const disruptions = [...(before?.disruptions ?? []), ...(disruption ? [disruption] : [])];
  byInstance.set(instanceId, {
    messageIds: [...(before?.messageIds ?? []), messageId],
    disruptions: disruptions.sort((a, b) => a.eventTime - b.eventTime),
  });
}

/** Finds all cancellations first: in a batch, a cancellation can come before or after the event that it cancels. */
function findCancellations(received: readonly ReceivedEvent[]): Map<string, Cancellation> {
  const cancellations = new Map<string, Cancellation>();
  for (const { id, message } of received) {
    const ended = endedMaintenance(message);
    for (const instanceId of ended?.instanceIds ?? []) {
      const before = cancellations.get(instanceId);
      cancellations.set(instanceId, {
        messageIds: [...(before?.messageIds ?? []), id],
        closed: [
          ...(before?.closed ?? []),
          ...(ended ? [{ notice: ended.notice, eventTime: ended.eventTime }] : []),
        ],
      });
    }
  }
  return cancellations;
}

function findDrop(
  disruption: Disruption,
  cancellation: Cancellation | undefined,
  now: number,
): DroppedEvent | undefined {
  const { instanceId, severity, sourceEventId } = disruption;
  if (disruption.staleAt < now) {
    const secondsLate = String(Math.round((now - disruption.staleAt) / 1000));
    return { instanceId, reason: 'too old', detail: { severity, sourceEventId, secondsLate } };
  }
  const { notice = disruption.reason } = disruption;
  const isCancelled =
    severity === 'scheduled' &&
    cancellation?.closed.some((one) => one.notice === notice && disruption.eventTime <= one.eventTime);
  return isCancelled ? { instanceId, reason: 'cancelled', detail: { severity, sourceEventId } } : undefined;
}
