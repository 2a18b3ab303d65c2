import type { Danger } from '../domain/disruption.ts';
import type { Notice } from './event.ts';

/** A message with what it says. */
export interface Received {
  readonly id: string;
  readonly message: Notice;
}

/** What a batch says about each instance, with the messages that said it. */
export interface Intake {
  readonly dangers: ReadonlyMap<string, Told>;
  readonly due: ReadonlyMap<string, Told>;
  readonly cleared: ReadonlyMap<string, Cleared>;
  readonly dropped: readonly Dropped[];
}

export interface Told {
  readonly messages: readonly string[];
  /** In the order of their events' times; empty for one that has come due, whose record knows. */
  readonly dangers: readonly Danger[];
}

export interface Cleared {
  readonly messages: readonly string[];
  readonly eventTime: number;
}

export interface Dropped {
  readonly instanceId: string;
  readonly reason: string;
  readonly detail?: Readonly<Record<string, string>>;
}

/** Sorts a batch by instance. What is too old to act on, or called off in the same batch, is dropped here, and said. */
export function sortBatch(received: readonly Received[], now: number): Intake {
  const cleared = readAllClears(received);
  const dangers = new Map<string, Told>();
  const due = new Map<string, Told>();
  const dropped: Dropped[] = [];
  for (const { id, message } of received) {
    if (message.kind === 'due') tell(due, message.instanceId, id);
    if ('ignored' in message)
      dropped.push(...message.ignored.map(({ value, reason }) => ({ instanceId: value, reason })));
    for (const danger of message.kind === 'danger' ? message.dangers : []) {
      const over = whyOver(danger, cleared.get(danger.instanceId), now);
      if (over) dropped.push(over);
      else tell(dangers, danger.instanceId, id, danger);
    }
  }
  return { dangers, due, cleared, dropped };
}

function tell(told: Map<string, Told>, instanceId: string, messageId: string, danger?: Danger): void {
  const before = told.get(instanceId);
  const dangers = [...(before?.dangers ?? []), ...(danger ? [danger] : [])];
  told.set(instanceId, {
    messages: [...(before?.messages ?? []), messageId],
    dangers: dangers.sort((a, b) => a.eventTime - b.eventTime),
  });
}

/** All of them first: in a batch, what they end may well stand behind them. */
function readAllClears(received: readonly Received[]): Map<string, Cleared> {
  const cleared = new Map<string, Cleared>();
  for (const { id, message } of received) {
    if (message.kind !== 'all-clear') continue;
    for (const instanceId of message.instanceIds) {
      const before = cleared.get(instanceId);
      cleared.set(instanceId, {
        messages: [...(before?.messages ?? []), id],
        eventTime: Math.max(before?.eventTime ?? 0, message.eventTime),
      });
    }
  }
  return cleared;
}

function whyOver(danger: Danger, cleared: Cleared | undefined, now: number): Dropped | undefined {
  const { instanceId, severity, sourceEventId } = danger;
  if (danger.staleAt < now) {
    const secondsLate = String(Math.round((now - danger.staleAt) / 1000));
    return { instanceId, reason: 'too old', detail: { severity, sourceEventId, secondsLate } };
  }
  const isCalledOff =
    severity === 'scheduled' && cleared !== undefined && danger.eventTime <= cleared.eventTime;
  return isCalledOff ? { instanceId, reason: 'called off', detail: { severity, sourceEventId } } : undefined;
}
