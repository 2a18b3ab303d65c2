import { updateRecords } from '#shared/aws/update-records.ts';
import { sendMail } from '#shared/mail.ts';
import { type Failure, failuresOf, type Round } from '../context.ts';
import { type Hold, owed, withClaim, withoutClaim } from '../domain/hold-record.ts';
import { type Told, writeDigest } from '../messages/mail.ts';
import { amendHolds } from './amend-holds.ts';

/** Claims what records still owe and mails it: a mail that SNS refused before, or whose claim fell to another write. */
export async function tellWhatIsOwed(round: Round, holds: readonly Hold[]): Promise<Failure[]> {
  const owing = new Map(holds.filter(owed).map((hold) => [hold.deployment, hold]));
  if (owing.size === 0) return [];
  const { noted, failures } = await amendHolds(
    round.use,
    [...owing.keys()],
    (known) => {
      const notice = known && owed(known);
      return notice && { draft: withClaim(known, notice), note: notice };
    },
    owing,
  );
  const told = noted.map(({ hold, note: notice }) => ({ hold, notice }));
  return [...failures, ...(await tell(round, told))];
}

/**
 * Sends one mail for all that were claimed. A refused mail is claimed anew by the next run; one whose answer was lost is
 * not sent again, since nobody can know whether it went out.
 *
 * @returns those whose mail was refused
 */
export async function tell({ config, invocation, use }: Round, told: readonly Told[]): Promise<Failure[]> {
  if (told.length === 0) return [];
  const notices = new Map(told.map(({ hold, notice }) => [hold.deployment, notice]));
  const deployments = [...notices.keys()];
  const result = await sendMail(config.topicArn, writeDigest(told, config), invocation, { deployments });
  if (result.outcome !== 'refused') return [];
  await updateRecords(
    use,
    deployments,
    (known, deployment) => {
      const notice = notices.get(deployment);
      return known && notice ? withoutClaim(known, notice) : undefined;
    },
    new Map(told.map(({ hold }) => [hold.deployment, hold])),
  );
  return failuresOf(deployments, result.error);
}
