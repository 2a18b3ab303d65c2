import type { Action, Disruption, Reason } from './disruption.ts';
import type { Instance } from './instance.ts';

/** One event of AWS Health about an instance. Times are epoch milliseconds. */
export interface MaintenanceNotice {
  /** The ARN of the event, or what it announces if the event has no ARN. */
  readonly notice: string;
  readonly eventTime: number;
  readonly sourceEventId: string;
  readonly reason: Reason;
  readonly action: Action;
  readonly startsAt: number;
  /** When the instance is to be cordoned for it. */
  readonly dueAt: number;
  readonly expiresAt: number;
  /** If the maintenance is of a Dedicated Host: the host of then. The instance may have left it since. */
  readonly host?: string;
  /** Called off or finished. We keep it, so that a late copy of the announcement changes nothing. */
  readonly isClosed?: true;
}

/** An event that says that maintenance is over for some instances. */
export interface ClosedNotice {
  readonly notice: string;
  readonly eventTime: number;
}

export function toNotice(disruption: Disruption, leadMs: number): MaintenanceNotice {
  const {
    notice,
    eventTime,
    sourceEventId,
    reason,
    action,
    deadline = eventTime,
    expiresAt = deadline,
    host,
  } = disruption;
  const times = { startsAt: deadline, dueAt: deadline - leadMs, expiresAt };
  const place = host === undefined ? {} : { host };
  return { notice: notice ?? reason, eventTime, sourceEventId, reason, action, ...times, ...place };
}

/** @returns undefined if a copy of the event is known, or a later event about the same maintenance */
export function addNotice(
  known: readonly MaintenanceNotice[],
  added: MaintenanceNotice,
): readonly MaintenanceNotice[] | undefined {
  const before = known.find(({ notice }) => notice === added.notice);
  if (before && before.eventTime >= added.eventTime) return undefined;
  return [...known.filter((one) => one !== before), added];
}

/** @returns undefined if nothing is open under this name, or only something announced later */
export function closeNotice(
  known: readonly MaintenanceNotice[],
  { notice, eventTime }: ClosedNotice,
): readonly MaintenanceNotice[] | undefined {
  const before = known.find((one) => one.notice === notice && !one.isClosed);
  if (!before || before.eventTime > eventTime) return undefined;
  return known.map((one) => (one === before ? { ...one, eventTime, isClosed: true } : one));
}

/** @returns the open notice that starts first */
export function firstOpenNotice(notices: readonly MaintenanceNotice[]): MaintenanceNotice | undefined {
  return notices.filter(({ isClosed }) => !isClosed).toSorted((a, b) => a.startsAt - b.startsAt)[0];
}

/** Whether a running instance has left the Dedicated Hosts that all its open maintenance is about. */
export function hasLeftHosts(
  notices: readonly MaintenanceNotice[],
  instance: Pick<Instance, 'state' | 'hostId'> | undefined,
): boolean {
  const open = notices.filter(({ isClosed }) => !isClosed);
  if (instance?.state !== 'running' || open.length === 0) return false;
  return open.every(({ host }) => host !== undefined && host !== instance.hostId);
}

/** What a record says about its maintenance. Only notices that are due keep the cordon. */
export function noticeFields(
  first: MaintenanceNotice,
  notices: readonly MaintenanceNotice[],
  now: number,
): Pick<Disruption, 'reason' | 'action' | 'deadline' | 'expiresAt' | 'sourceEventId' | 'notice'> {
  const due = notices.filter((one) => one === first || (!one.isClosed && one.dueAt <= now));
  return {
    notice: first.notice,
    reason: first.reason,
    action: first.action,
    sourceEventId: first.sourceEventId,
    deadline: first.startsAt,
    expiresAt: Math.max(...due.map(({ expiresAt }) => expiresAt)),
  };
}
