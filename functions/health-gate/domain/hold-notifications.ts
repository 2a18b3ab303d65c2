import type { HoldDraft, NotificationKind } from './hold-record.ts';

/** The mail that was not sent yet, if any. */
export function pendingNotification({
  status,
  attempts,
  notifications,
}: HoldDraft): NotificationKind | undefined {
  switch (status) {
    case 'held':
    case 'cooling down':
      return notifications.held === attempts ? undefined : 'held';
    case 'resumed':
      return notifications.resumed === attempts ? undefined : 'resumed';
    case 'abandoned':
      return notifications.abandoned ? undefined : 'abandoned';
    case 'not held':
      return notifications.stopped ? undefined : 'stopped';
    default:
      return undefined;
  }
}

/** The claim is written before the mail is sent: a crash between the two loses the mail, but never sends it twice. */
export function withNotificationClaim(hold: HoldDraft, kind: NotificationKind): HoldDraft {
  const { attempts, notifications } = hold;
  if (kind === 'abandoned' || kind === 'stopped')
    return { ...hold, notifications: { ...notifications, [kind]: true } };
  return { ...hold, notifications: { ...notifications, [kind]: attempts } };
}

export function withoutNotificationClaim(hold: HoldDraft, kind: NotificationKind): HoldDraft {
  const { [kind]: _, ...notifications } = hold.notifications;
  return { ...hold, notifications };
}
