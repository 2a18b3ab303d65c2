import { updateRecord } from '#shared/aws/update-record.ts';
import { sendNotification } from '#shared/chat.ts';
import { addCount } from '#shared/metrics.ts';
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
  const result = await sendNotification(config, mail, invocation, { incident: first.incident.arn, places });
  if (result.outcome !== 'refused') return [];
  for (const [, own] of Map.groupBy(claimed, ({ record }) => `${record.pk} ${record.sk}`))
    await putBack(context, own);
  return places.map((place) => ({ place, error: result.error }));
}

/** The next run sends them. Notifications that cannot be put back are lost: this is logged and counted. */
async function putBack(context: FollowContext, claimed: readonly ClaimedNotification[]): Promise<void> {
  const { logger, metrics } = context.invocation;
  try {
    // The second attempt reads the record again: the first may have succeeded although its response was lost.
    await addPending(context, claimed).catch(() => addPending(context, claimed));
  } catch (error) {
    logger.error('mail lost: claim not removed', { ids: claimed.map(({ record }) => record.sk), error });
    addCount(metrics, 'NoticeUncertain', claimed.length);
  }
}

async function addPending(
  { records }: FollowContext,
  claimed: readonly ClaimedNotification[],
): Promise<void> {
  const [first] = claimed;
  if (!first) return;
  const { pk, sk } = first.record;
  const isKnown = (known: GatedPlace, { incident, kind }: IncidentNotification): boolean =>
    known.notifications.some((one) => one.kind === kind && one.incident.arn === incident.arn);
  await updateRecord<GatedPlace>(records, { pk, sk }, (known) => {
    const added = claimed.flatMap(({ notification }) =>
      !known || isKnown(known, notification) ? [] : [notification],
    );
    return known && added.length > 0
      ? { ...known, notifications: [...known.notifications, ...added] }
      : undefined;
  });
}

function byPlace(a: IncidentNotification, b: IncidentNotification): number {
  const [first, second] = [a, b].map(
    ({ pipeline, stage, passedAt = 0 }) => `${pipeline}/${stage}/${passedAt}`,
  );
  return (first ?? '') < (second ?? '') ? -1 : 1;
}
