import { updateRecord } from '#shared/aws/update-record.ts';
import { sendChat } from '#shared/chat.ts';
import { mapLimit } from '#shared/concurrency.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sendMail } from '#shared/mail.ts';
import type { ExecuteConfig } from '../config.ts';
import type { ExecuteContext } from '../context.ts';
import { createContext } from '../create-context.ts';
import { type ApprovalRecord, keyOf } from '../domain/approval-record.ts';
import { approverTopicArn } from '../domain/approver-topic.ts';
import { withCurrentRules } from '../domain/current-rules.ts';
import { applyIntervention } from '../domain/intervention.ts';
import type { Draft } from '../domain/record-key.ts';
import type { DueDetail } from '../messages/events.ts';
import { linksRevokedMail } from '../messages/revocation-mail.ts';
import type { InterventionCall } from './event.ts';

type InterventionResult =
  | { readonly outcome: string; readonly notMailed?: readonly string[] }
  /** The request that is cancelled now, and still has to be closed. */
  | { readonly due: DueDetail };

/** Cancels an open request, or revokes the links of one approver. @returns what was done, or why it is not possible */
export async function intervene(
  { imageArn, stepExecutionId, intervention }: InterventionCall,
  config: ExecuteConfig,
  invocation: Invocation,
): Promise<InterventionResult> {
  const context = await createContext(config, invocation);
  const { kind, who } = intervention;
  let refusal = 'dry run';
  const { record, wrote } = await updateRecord<ApprovalRecord>(
    context.table,
    keyOf(imageArn, stepExecutionId),
    (known): Draft<ApprovalRecord> | undefined => {
      const current = known && withCurrentRules(known, context.settings);
      const result = applyIntervention(current, intervention, invocation.now());
      if ('refusal' in result) refusal = result.refusal;
      return 'refusal' in result || config.dryRun ? undefined : result.draft;
    },
  );
  const fields = { imageArn, kind, who };
  // Also after a retry: the first attempt may have died between its write and the execution.
  const isCancelled = record?.status === 'cancelled' && record.open !== undefined && kind === 'cancel';
  if (!record || (!wrote && !isCancelled)) {
    invocation.logger.info('intervention refused', { ...fields, reason: refusal });
    return { outcome: refusal };
  }
  if (wrote) invocation.logger.info('intervention recorded', fields);
  if (kind === 'revoke links')
    return { outcome: 'links revoked', notMailed: await mailApprovers(context, record) };
  const step = stepExecutionId === undefined ? {} : { stepExecutionId };
  return { due: { next: 'act', imageArn, ...step } };
}

/** @returns the approvers whose mail SNS refused; the caller can inform them */
async function mailApprovers(
  { config, invocation }: ExecuteContext,
  record: ApprovalRecord,
): Promise<readonly string[]> {
  const notMailed: string[] = [];
  const mail = linksRevokedMail(record);
  await mapLimit(record.approvers, 5, async ({ address: approver }) => {
    const topicArn = approverTopicArn(config.approverTopics, approver);
    const ids = { imageArn: record.subject.imageArn, approver };
    const { outcome } = await sendMail(topicArn, mail, invocation, ids);
    if (outcome === 'refused') notMailed.push(approver);
  });
  await sendChat(config, mail.chat, invocation);
  return notMailed.sort();
}
