import { updateRecord } from '#shared/aws/update-record.ts';
import type { RequestContext } from '../context.ts';
import { type ApprovalRecord, keyOf, keyOfRecord } from '../domain/approval-record.ts';
import { createRequest, openNextRound } from '../domain/approval-transitions.ts';
import type { BuildReview } from '../domain/build-review.ts';
import { addTokenHashes, createTokens, type OpenedRequest } from '../domain/invitations.ts';
import { addReminderHashes, withoutLateReminders } from '../domain/reminders.ts';
import type { PlannedMails, PlannedRound } from './plan-request.ts';

type SaveResult = OpenedRequest | { readonly skipReason: string };
type IsReachable = (address: string) => boolean;

/** Writes the request, or its next round, with the hashes of the links for those who can be reached. */
export async function saveRound(
  { invocation, table }: RequestContext,
  { input, known, round, findings }: PlannedRound,
  review: BuildReview,
  isReachable: IsReachable,
): Promise<SaveResult> {
  const key = keyOf(input.imageArn, input.stepExecutionId);
  const tokens = createTokens(round.approvers.map(({ address }) => address).filter(isReachable));
  const reviewed = { ...round, review };
  const { record, wrote } = await updateRecord<ApprovalRecord>(
    table,
    key,
    (current) => {
      const draft = current
        ? openNextRound(current, input.after ?? 0, reviewed, invocation.now())
        : createRequest(key, reviewed, invocation.now());
      return draft && addTokenHashes(draft, tokens);
    },
    { known },
  );
  if (!wrote || !record) return { skipReason: 'another invocation has requested approval already' };
  return { record, tokens, findings, mails: 'invitations' };
}

/** Writes the hashes of the links of these mails. Each mail has a new link. */
export async function saveLinks(
  { invocation, table }: RequestContext,
  { known, current: seen, due, findings }: PlannedMails,
  isReachable: IsReachable,
): Promise<SaveResult> {
  const tokens = createTokens(due.to.filter(isReachable));
  if (tokens.size === 0)
    return { skipReason: 'the approvers without a mail have not confirmed their subscriptions' };
  const next =
    due.mails === 'reminders'
      ? addReminderHashes(seen, tokens)
      : withoutLateReminders(addTokenHashes(seen, tokens), tokens, invocation.now());
  const { record, wrote } = await updateRecord<ApprovalRecord>(
    table,
    keyOfRecord(known),
    (current) => (current?.revision === known.revision ? next : undefined),
    { known },
  );
  if (!wrote || !record) return { skipReason: 'another invocation is inviting the approvers' };
  return { record, tokens, findings, mails: due.mails };
}
