import { updateRecord } from '#shared/aws/update-record.ts';
import { sendMail } from '#shared/mail.ts';
import type { FollowContext, PlaceFailure } from '../context.ts';
import type { GatedPlace } from '../domain/gated-place.ts';
import type { IncidentNotification } from '../domain/incident.ts';
import { incidentMail } from '../messages/incident-mail.ts';

/** A notification that a write has claimed: it is sent now, or put back if SNS refuses it. */
export interface ClaimedNotification {
  readonly record: Pick<GatedPlace, 'pk' | 'sk'>;
  readonly notification: IncidentNotification;
}

/** Sends one mail for each incident. @returns the records whose mail was refused; the next run sends it */
export async function sendNotifications(
  context: FollowContext,
  claimed: readonly ClaimedNotification[],
): Promise<PlaceFailure[]> {
  const failures: PlaceFailure[] = [];
  for (const group of Map.groupBy(claimed, ({ notification }) => notification.incident.arn).values())
    failures.push(...(await sendAboutIncident(context, group)));
  return failures;
}

async function sendAboutIncident(
  context: FollowContext,
  claimed: readonly ClaimedNotification[],
): Promise<PlaceFailure[]> {
  const { config, invocation } = context;
  const notifications = claimed.map(({ notification }) => notification).sort(byPlace);
  const [first] = notifications;
  if (!first) return [];
  const places = [...new Set(claimed.map(({ record }) => record.sk))];
  const mail = incidentMail(first.incident, notifications, config);
  const result = await sendMail(config.topicArn, mail, invocation, { incident: first.incident.arn, places });
  if (result.outcome !== 'refused') return [];
  for (const [, own] of Map.groupBy(claimed, ({ record }) => `${record.pk} ${record.sk}`))
    await putBack(context, own);
  return places.map((place) => ({ place, error: result.error }));
}

async function putBack({ records }: FollowContext, claimed: readonly ClaimedNotification[]): Promise<void> {
  const [first] = claimed;
  if (!first) return;
  const { pk, sk } = first.record;
  const added = claimed.map(({ notification }) => notification);
  await updateRecord<GatedPlace>(records, { pk, sk }, (known) =>
    known ? { ...known, notifications: [...known.notifications, ...added] } : undefined,
  );
}

function byPlace(a: IncidentNotification, b: IncidentNotification): number {
  const [first, second] = [a, b].map(
    ({ pipeline, stage, passedAt = 0 }) => `${pipeline}/${stage}/${passedAt}`,
  );
  return (first ?? '') < (second ?? '') ? -1 : 1;
}
