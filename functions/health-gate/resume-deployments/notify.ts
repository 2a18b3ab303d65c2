import { sendNotification } from '#shared/chat.ts';
import { releaseClaims } from '#shared/release-claims.ts';
import { type HoldFailure, type ResumeContext, toHoldFailures } from '../context.ts';
import {
  pendingNotification,
  withNotificationClaim,
  withoutNotificationClaim,
} from '../domain/hold-notifications.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import { type HoldNotification, summaryMail } from '../messages/mail.ts';
import { updateHolds } from './update-holds.ts';

/** Claims and sends mails that were refused before, or whose claim lost a write conflict. */
export async function sendPendingNotifications(
  context: ResumeContext,
  holds: readonly HoldRecord[],
): Promise<HoldFailure[]> {
  const pending = new Map(holds.filter(pendingNotification).map((hold) => [hold.deployment, hold]));
  if (pending.size === 0) return [];
  const { updated, failures } = await updateHolds(
    context.holds,
    [...pending.keys()],
    (known) => {
      const kind = known && pendingNotification(known);
      return kind && { draft: withNotificationClaim(known, kind), data: kind };
    },
    pending,
  );
  const notifications = updated.map(({ hold, data: kind }) => ({ hold, kind }));
  return [...failures, ...(await notify(context, notifications))];
}

/**
 * Sends one mail for all claimed notifications. If SNS refuses the mail, the claims are removed and the next run sends it.
 * If the response is lost, the mail may have been sent, so it is not sent again.
 *
 * @returns the holds whose mail was refused
 */
export async function notify(
  { config, invocation, holds }: ResumeContext,
  notifications: readonly HoldNotification[],
): Promise<HoldFailure[]> {
  if (notifications.length === 0) return [];
  const kinds = new Map(notifications.map(({ hold, kind }) => [hold.deployment, kind]));
  const deployments = [...kinds.keys()];
  const result = await sendNotification(config, summaryMail(notifications, config), invocation, {
    deployments,
  });
  if (result.outcome !== 'refused') return [];
  const claimed = new Map(notifications.map(({ hold }) => [hold.deployment, hold]));
  const release = (known: HoldRecord | undefined, deployment: string) => {
    const kind = kinds.get(deployment);
    return known && kind ? withoutNotificationClaim(known, kind) : undefined;
  };
  await releaseClaims(holds, claimed, release, invocation);
  return toHoldFailures(deployments, result.error);
}
