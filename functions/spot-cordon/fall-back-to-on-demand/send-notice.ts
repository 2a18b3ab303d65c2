import { updateRecord } from '#shared/aws/update-record.ts';
import { sendNotification } from '#shared/chat.ts';
import { releaseClaims } from '#shared/release-claims.ts';
import type { FallBackContext } from '../context.ts';
import type { FallBackNotice, FallBackRecord } from '../domain/fall-back-record.ts';
import type { MixedGroup } from '../domain/mixed-group.ts';
import { fallBackMail } from '../messages/fall-back-mail.ts';

/** Sends the notice that waits in the record. Claims it first: a second mail about the same change is worse than none. */
export async function sendNotice(
  { config, invocation, table }: FallBackContext,
  group: MixedGroup,
): Promise<void> {
  let claimed: FallBackNotice | undefined;
  const { record, wrote } = await updateRecord<FallBackRecord>(table, { group: group.name }, (known) => {
    claimed = known?.notice;
    if (!known || !claimed) return undefined;
    const { notice: _, ...rest } = known;
    return rest;
  });
  if (!wrote || !claimed || config.mails === 'none') return;
  const notification = fallBackMail(group, claimed);
  const ids = { autoScalingGroupName: group.name };
  const result = await sendNotification(config, notification, invocation, ids);
  if (result.outcome !== 'refused') return;
  const notice = claimed;
  const known = new Map(record ? [[group.name, record]] : []);
  await releaseClaims<FallBackRecord>(
    table,
    known,
    (one) => one && { ...one, notice: one.notice ?? notice },
    invocation,
  );
  throw result.error;
}
