import { updateRecords } from '#shared/aws/update-records.ts';
import { type Notification, sendNotification } from '#shared/chat.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { releaseClaims } from '#shared/release-claims.ts';
import type { MailConfig } from '../config.ts';
import type { MailContext } from '../context.ts';
import type { CordonRecord } from '../domain/cordon-record.ts';
import { type MailKind, withMailClaim, withoutMailClaim } from '../domain/mail-claim.ts';
import { cordonSummaryMail, launchFailedMail, overdueMail } from '../messages/mail.ts';
import type { MailEvent } from './event.ts';

type Messages = readonly QueueMessage<MailEvent>[];

/**
 * Sends one mail of each kind for all instances in the batch. Claims it in the records first: if the function dies in
 * between, the mail is lost. A second mail about a past disruption is worse than only a log line.
 */
export async function mailCordons(
  messages: Messages,
  config: MailConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  if (config.dryRun || config.mails === 'none') return { retry: [] };
  const table = { table: config.table, key: 'instanceId', signal: invocation.signal } as const;
  const context: MailContext = { config, invocation, table };
  const retry: { id: string; error: unknown }[] = [];
  const mailed: string[] = [];
  for (const [kind, some] of Map.groupBy(messages, ({ message }) => message.kind)) {
    const messageIds = Map.groupBy(some, ({ message }) => message.instanceId);
    const { claimed, failures } = await claimMails(context, kind, [...messageIds.keys()]);
    const refused = await sendMailOfKind(context, { kind, claimed, messages: some });
    for (const [instanceId, error] of new Map([...failures, ...refused]))
      retry.push(...(messageIds.get(instanceId) ?? []).map(({ id }) => ({ id, error })));
    mailed.push(...claimed.map(({ instanceId }) => instanceId));
  }
  return { retry, response: { mailed } };
}

async function claimMails({ config, table }: MailContext, kind: MailKind, ids: readonly string[]) {
  const won = new Set<string>();
  const { records, failures } = await updateRecords<CordonRecord>(table, ids, (known, id) => {
    const draft = withMailClaim(known, kind, config.mails);
    if (draft) won.add(id);
    else won.delete(id);
    return draft;
  });
  const written = [...records.values()].filter((record) => record !== undefined);
  return { claimed: written.filter(({ instanceId }) => won.has(instanceId)), failures };
}

interface ClaimedMail {
  readonly kind: MailKind;
  readonly claimed: readonly CordonRecord[];
  readonly messages: Messages;
}

/** @returns the instances whose mail SNS refused, each with the error */
async function sendMailOfKind(
  { config, invocation, table }: MailContext,
  mail: ClaimedMail,
): Promise<ReadonlyMap<string, unknown>> {
  const { kind, claimed } = mail;
  if (claimed.length === 0) return new Map();
  const instanceIds = claimed.map(({ instanceId }) => instanceId);
  const result = await sendNotification(config, formatMail(mail), invocation, { instanceIds });
  if (result.outcome !== 'refused') return new Map();
  const known = new Map(claimed.map((record) => [record.instanceId, record]));
  await releaseClaims<CordonRecord>(table, known, (record) => withoutMailClaim(record, kind), invocation);
  return new Map(instanceIds.map((id) => [id, result.error]));
}

function formatMail({ kind, claimed, messages }: ClaimedMail): Notification {
  if (kind === 'cordoned') return cordonSummaryMail(claimed);
  const events = new Map(messages.map(({ message }) => [message.instanceId, message]));
  const notices = claimed.map((record) => ({ record, event: events.get(record.instanceId) }));
  return kind === 'overdue'
    ? overdueMail(
        notices.map(({ record, event }) => ({
          record,
          isToTerminate: event?.kind === 'overdue' && event.isToTerminate,
        })),
      )
    : launchFailedMail(
        notices.map(({ record, event }) => ({
          record,
          failure: event?.kind === 'launch failed' ? event.failure : 'refused',
        })),
      );
}
