import { updateRecords } from '#shared/aws/update-records.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sendMail } from '#shared/mail.ts';
import type { MailConfig } from '../config.ts';
import type { MailContext } from '../context.ts';
import { type CordonDraft, type CordonRecord, withOutcomes } from '../domain/cordon-record.ts';
import { cordonSummaryMail } from '../messages/mail.ts';
import type { CordonedEvent } from './event.ts';

/**
 * Sends one mail for all instances in the batch. Claims it in the records first: if the function dies in between, the
 * mail is lost. A second mail about a past disruption is worse than only a log line.
 */
export async function mailCordons(
  messages: readonly QueueMessage<CordonedEvent>[],
  config: MailConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  if (config.dryRun || config.mails === 'none') return { retry: [] };
  const table = { table: config.table, key: 'instanceId', signal: invocation.signal } as const;
  const context: MailContext = { config, invocation, table };
  const messageIds = Map.groupBy(messages, ({ message }) => message.instanceId);
  const { claimed, failures } = await claimMails(context, [...messageIds.keys()]);
  const failed = new Map([...failures, ...(await sendSummary(context, claimed))]);
  const retry = [...failed].flatMap(([instanceId, error]) =>
    (messageIds.get(instanceId) ?? []).map(({ id }) => ({ id, error })),
  );
  return { retry, response: { mailed: claimed.map(({ instanceId }) => instanceId) } };
}

async function claimMails({ config, table }: MailContext, ids: readonly string[]) {
  const won = new Set<string>();
  const { records, failures } = await updateRecords<CordonRecord>(table, ids, (known, id) => {
    won.delete(id);
    if (known?.status !== 'cordoned' || known.steps.notify !== undefined) return undefined;
    if (config.mails === 'interruption' && known.severity !== 'interruption') return undefined;
    won.add(id);
    return withOutcomes(known, { notify: 'claimed' });
  });
  const written = [...records.values()].filter((record) => record !== undefined);
  return { claimed: written.filter(({ instanceId }) => won.has(instanceId)), failures };
}

/** @returns the instances whose mail SNS refused, each with the error */
async function sendSummary(
  { config, invocation, table }: MailContext,
  claimed: readonly CordonRecord[],
): Promise<ReadonlyMap<string, unknown>> {
  if (claimed.length === 0) return new Map();
  const instanceIds = claimed.map(({ instanceId }) => instanceId);
  const result = await sendMail(config.topicArn, cordonSummaryMail(claimed), invocation, { instanceIds });
  if (result.outcome !== 'refused') return new Map();
  const known = new Map(claimed.map((record) => [record.instanceId, record]));
  await updateRecords<CordonRecord>(table, instanceIds, (record) => record && withoutClaim(record), known);
  return new Map(instanceIds.map((id) => [id, result.error]));
}

function withoutClaim(known: CordonRecord): CordonDraft | undefined {
  if (known.steps.notify !== 'claimed') return undefined;
  const { notify: _notify, ...otherSteps } = known.steps;
  return { ...known, steps: otherSteps };
}
