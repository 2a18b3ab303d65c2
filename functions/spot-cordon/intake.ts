import type { Danger } from './danger.ts';
import type { Notice } from './notice.ts';

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

/** Sorts a batch by instance. What is too old to act on is dropped here, and said. */
export function sortBatch(received: readonly Received[], now: number): Intake {
  const dangers = new Map<string, Told>();
  const due = new Map<string, Told>();
  const cleared = new Map<string, Cleared>();
  const dropped: Dropped[] = [];
  for (const { id, message } of received) {
    if (message.kind === 'due') tell(due, message.instanceId, id);
    if (message.kind === 'all-clear') clearAll(cleared, message.instanceIds, id, message.eventTime);
    if ('ignored' in message) dropped.push(...message.ignored.map(({ value, reason }) => ({ instanceId: value, reason })));
    const told = message.kind === 'danger' ? message.dangers : [];
    for (const danger of told.filter(({ staleAt }) => staleAt >= now)) tell(dangers, danger.instanceId, id, danger);
    dropped.push(...told.filter(({ staleAt }) => staleAt < now).map((danger) => stale(danger, now)));
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

function clearAll(
  cleared: Map<string, Cleared>,
  ids: readonly string[],
  messageId: string,
  eventTime: number,
): void {
  for (const id of ids) {
    const before = cleared.get(id);
    cleared.set(id, {
      messages: [...(before?.messages ?? []), messageId],
      eventTime: Math.max(before?.eventTime ?? 0, eventTime),
    });
  }
}

function stale(danger: Danger, now: number): Dropped {
  const late = Math.round((now - danger.staleAt) / 1000);
  return {
    instanceId: danger.instanceId,
    reason: 'too old',
    detail: { severity: danger.severity, sourceEventId: danger.sourceEventId, secondsLate: String(late) },
  };
}
