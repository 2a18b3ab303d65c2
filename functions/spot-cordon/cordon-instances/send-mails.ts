import { updateRecords } from '#shared/aws/update-records.ts';
import { sendMail } from '#shared/mail.ts';
import type { CordonContext } from '../context.ts';
import { type CordonDraft, type CordonRecord, withOutcomes } from '../domain/cordon-record.ts';
import { cordonSummaryMail } from '../messages/mail.ts';
import type { DueMail } from './group-batch.ts';
import { type RetriedMessage, retryAll } from './retries.ts';

/**
 * Sends one mail for all instances whose mail is due. Claims it in the records first: if the function dies in between,
 * the mail is lost. A second mail about a past disruption is worse than only a log line.
 *
 * @returns the messages to deliver again
 */
export async function sendDueMails(
  context: CordonContext,
  due: ReadonlyMap<string, DueMail>,
): Promise<RetriedMessage[]> {
  if (due.size === 0 || context.config.dryRun) return [];
  const { claimed, failures } = await claimMails(context, [...due.keys()]);
  const retry = [...failures].flatMap(([id, error]) => retryAll(due.get(id)?.messageIds, error));
  if (claimed.length === 0) return retry;
  const summaries = claimed.map((record) => ({
    record,
    outcomes: record.steps,
    remarks: due.get(record.instanceId)?.remarks ?? [],
  }));
  const instanceIds = claimed.map(({ instanceId }) => instanceId);
  const result = await sendMail(context.config.topicArn, cordonSummaryMail(summaries), context.invocation, {
    instanceIds,
  });
  if (result.outcome !== 'refused') return retry;
  const known = new Map(claimed.map((record) => [record.instanceId, record]));
  await updateRecords<CordonRecord>(context.table, instanceIds, releaseClaim, known);
  return [...retry, ...instanceIds.flatMap((id) => retryAll(due.get(id)?.messageIds, result.error))];
}

async function claimMails({ table }: CordonContext, ids: readonly string[]) {
  const won = new Set<string>();
  const { records, failures } = await updateRecords<CordonRecord>(table, ids, (known, id) => {
    won.delete(id);
    if (known?.status !== 'cordoned' || isMailed(known)) return undefined;
    won.add(id);
    return withOutcomes(known, { notify: 'claimed' });
  });
  const written = [...records.values()].filter((record) => record !== undefined);
  return { claimed: written.filter(({ instanceId }) => won.has(instanceId)), failures };
}

function isMailed({ steps }: CordonRecord): boolean {
  return steps.notify !== undefined && steps.notify !== 'queued';
}

function releaseClaim(known: CordonRecord | undefined): CordonDraft | undefined {
  return known?.steps.notify === 'claimed' ? withOutcomes(known, { notify: 'queued' }) : undefined;
}
