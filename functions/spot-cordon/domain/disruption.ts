import { DAY_MS } from '#shared/time.ts';

/** How bad a disruption is, in rising order. The severity of a record never falls. */
export const severities = ['rebalance', 'scheduled', 'interruption'] as const;
export type Severity = (typeof severities)[number];

/** What EC2 will do to the instance; `none` for a recommendation. */
export type Action = 'none' | 'terminate' | 'stop' | 'hibernate' | 'reboot' | 'maintenance';

/** One instance that AWS is about to disrupt, from any kind of event. Times are epoch milliseconds. */
export interface Disruption {
  readonly instanceId: string;
  readonly severity: Severity;
  /** From a fixed vocabulary, so that event text never reaches tags or mail subjects. */
  readonly reason: Reason;
  readonly action: Action;
  readonly eventTime: number;
  readonly sourceEventId: string;
  /** When the action begins at the latest. A recommendation has none. */
  readonly deadline?: number;
  /** The disruption is over at this time if nothing worse follows. Interruptions never expire. */
  readonly expiresAt?: number;
  /** For maintenance: the ARN of its AWS Health event. */
  readonly notice?: string;
  /** For maintenance of a Dedicated Host that the instance is on: the id of the host. */
  readonly host?: string;
  /** From this time on the event is too old to act on. */
  readonly staleAt: number;
}

export type Reason =
  | 'spot interruption'
  | 'capacity reservation interruption'
  | 'rebalance recommendation'
  | 'scheduled retirement'
  | 'scheduled termination'
  | 'scheduled stop'
  | 'scheduled reboot'
  | 'scheduled maintenance';

/** EC2 acts two minutes after a warning. The event itself has no deadline. */
export const NOTICE_MS = 120_000;

export function isMoreSevere(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) > severities.indexOf(b);
}

/** EC2 hibernates an instance at once, so the deadline is the time of the event. We still cordon the instance. */
export function interruptionDisruption(
  info: EventInfo,
  reason: Reason,
  action: 'terminate' | 'stop' | 'hibernate',
): Disruption {
  return {
    ...info,
    severity: 'interruption',
    reason,
    action,
    deadline: action === 'hibernate' ? info.eventTime : info.eventTime + NOTICE_MS,
    staleAt: info.eventTime + NOTICE_MS,
  };
}

export function rebalanceDisruption(info: EventInfo, holdMs: number): Disruption {
  const expiresAt = info.eventTime + holdMs;
  return {
    ...info,
    severity: 'rebalance',
    reason: 'rebalance recommendation',
    action: 'none',
    expiresAt,
    staleAt: expiresAt,
  };
}

/** Maintenance without an end, or with an early one, expires one day after its start. */
export function maintenanceDisruption(
  info: EventInfo,
  kind: MaintenanceKind,
  startsAt: number,
  endsAt?: number,
): Disruption {
  const expiresAt = Math.max(endsAt ?? 0, startsAt + DAY_MS);
  return { ...info, severity: 'scheduled', ...kind, deadline: startsAt, expiresAt, staleAt: expiresAt };
}

export interface EventInfo {
  readonly instanceId: string;
  readonly notice?: string;
  readonly eventTime: number;
  readonly sourceEventId: string;
}

export interface MaintenanceKind {
  readonly reason: Reason;
  readonly action: Action;
}

const maintenanceKinds: readonly (readonly [RegExp, MaintenanceKind])[] = [
  [/RETIREMENT/, { reason: 'scheduled retirement', action: 'stop' }],
  [/TERMINATION/, { reason: 'scheduled termination', action: 'terminate' }],
  [/STOP/, { reason: 'scheduled stop', action: 'stop' }],
  [/REBOOT/, { reason: 'scheduled reboot', action: 'reboot' }],
  [/MAINTENANCE/, { reason: 'scheduled maintenance', action: 'maintenance' }],
];

/** @returns undefined for EC2 events that do not affect a running instance, such as planned lifecycle events */
export function findMaintenanceKind(eventTypeCode: string): MaintenanceKind | undefined {
  return maintenanceKinds.find(([pattern]) => pattern.test(eventTypeCode))?.[1];
}
