/** How bad a danger is. The order is the lattice: a record's severity only ever rises along it. */
export const severities = ['rebalance', 'scheduled', 'interruption'] as const;
export type Severity = (typeof severities)[number];

/** What EC2 is going to do to the instance; `none` for mere advice. */
export type Action = 'none' | 'terminate' | 'stop' | 'hibernate' | 'reboot' | 'maintenance';

/** One instance in danger, whatever event told of it. Times are epoch milliseconds. */
export interface Danger {
  readonly instanceId: string;
  readonly severity: Severity;
  /** From a fixed vocabulary: event text never reaches tags or subjects. */
  readonly reason: Reason;
  readonly action: Action;
  readonly eventTime: number;
  readonly sourceEventId: string;
  /** When the action begins at the latest; advice has none. */
  readonly deadline?: number;
  /** After this the danger has passed if nothing worse was heard; interruptions never expire. */
  readonly expiresAt?: number;
  /** From here on the event is too old to act on. */
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

/** EC2 gives two minutes between a warning and the action; the event carries no deadline of its own. */
export const NOTICE_MS = 120_000;

export function isWorse(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) > severities.indexOf(b);
}

/** Hibernation starts with its notice, so its deadline is the event itself; it is still worth cordoning. */
export function interruption(seen: Seen, reason: Reason, action: 'terminate' | 'stop' | 'hibernate'): Danger {
  return {
    ...seen,
    severity: 'interruption',
    reason,
    action,
    deadline: action === 'hibernate' ? seen.eventTime : seen.eventTime + NOTICE_MS,
    staleAt: seen.eventTime + NOTICE_MS,
  };
}

export function rebalance(seen: Seen, holdMs: number): Danger {
  const expiresAt = seen.eventTime + holdMs;
  return {
    ...seen,
    severity: 'rebalance',
    reason: 'rebalance recommendation',
    action: 'none',
    expiresAt,
    staleAt: expiresAt,
  };
}

/** Maintenance that names no end is taken to be over a day after it began. */
export function maintenance(seen: Seen, kind: Maintenance, startsAt: number, endsAt?: number): Danger {
  const expiresAt = Math.max(endsAt ?? 0, startsAt + DAY_MS);
  return { ...seen, severity: 'scheduled', ...kind, deadline: startsAt, expiresAt, staleAt: expiresAt };
}

export interface Seen {
  readonly instanceId: string;
  readonly eventTime: number;
  readonly sourceEventId: string;
}

export interface Maintenance {
  readonly reason: Reason;
  readonly action: Action;
}

const DAY_MS = 86_400_000;

const kinds: readonly (readonly [RegExp, Maintenance])[] = [
  [/RETIREMENT/, { reason: 'scheduled retirement', action: 'stop' }],
  [/TERMINATION/, { reason: 'scheduled termination', action: 'terminate' }],
  [/STOP/, { reason: 'scheduled stop', action: 'stop' }],
  [/REBOOT/, { reason: 'scheduled reboot', action: 'reboot' }],
  [/MAINTENANCE/, { reason: 'scheduled maintenance', action: 'maintenance' }],
];

/** Undefined for EC2 changes that do not touch a running instance, such as planned lifecycle events. */
export function maintenanceKind(eventTypeCode: string): Maintenance | undefined {
  return kinds.find(([pattern]) => pattern.test(eventTypeCode))?.[1];
}
