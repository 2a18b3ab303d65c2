import { updateRecords } from '#shared/aws/update-records.ts';
import { sendMail } from '#shared/mail.ts';
import { type HoldFailure, type ResumeContext, toHoldFailures } from '../context.ts';
import {
  type HoldRecord,
  pendingNotification,
  withNotificationClaim,
  withoutNotificationClaim,
} from '../domain/hold-record.ts';
import { type Told, writeDigest } from '../messages/mail.ts';
import { updateHolds } from './amend-holds.ts';

/** Claims what records still owe and mails it: a mail that SNS refused before, or whose claim fell to another write. */
export async function sendPendingNotifications(
  round: ResumeContext,
  holds: readonly HoldRecord[],
): Promise<HoldFailure[]> {
  const owing = new Map(holds.filter(pendingNotification).map((hold) => [hold.deployment, hold]));
  if (owing.size === 0) return [];
  const { noted, failures } = await updateHolds(
    round.holds,
    [...owing.keys()],
    (known) => {
      const notice = known && pendingNotification(known);
      return notice && { draft: withNotificationClaim(known, notice), data: notice };
    },
    owing,
  );
  const told = noted.map(({ hold, data: notice }) => ({ hold, notice }));
  return [...failures, ...(await notify(round, told))];
}

/**
 * Sends one mail for all that were claimed. A refused mail is claimed anew by the next run; one whose answer was lost is
 * not sent again, since nobody can know whether it went out.
 *
 * @returns those whose mail was refused
 */
export async function notify(
  { config, invocation, holds }: ResumeContext,
  told: readonly Told[],
): Promise<HoldFailure[]> {
  if (told.length === 0) return [];
  const notices = new Map(told.map(({ hold, notice }) => [hold.deployment, notice]));
  const deployments = [...notices.keys()];
  const result = await sendMail(config.topicArn, writeDigest(told, config), invocation, { deployments });
  if (result.outcome !== 'refused') return [];
  await updateRecords(
    holds,
    deployments,
    (known, deployment) => {
      const notice = notices.get(deployment);
      return known && notice ? withoutNotificationClaim(known, notice) : undefined;
    },
    new Map(told.map(({ hold }) => [hold.deployment, hold])),
  );
  return toHoldFailures(deployments, result.error);
}
