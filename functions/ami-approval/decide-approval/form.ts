import type { ApprovalRecord } from '../domain/approval-record.ts';
import { isInitiator } from '../domain/approval-transitions.ts';
import { toSingleLine } from '../domain/plain-text.ts';

/** A submitted form: a vote, or why it is not one. */
export type FormResult =
  | { readonly decision: 'approve'; readonly why?: string }
  | { readonly decision: 'reject'; readonly why: string }
  | FormProblem;

/** What is wrong, as text for the person, and what they typed. Without a field the whole form is wrong. */
export interface FormProblem {
  readonly problem: string;
  readonly field?: 'code' | 'why';
  readonly typed: string;
  /** The comment on an approval. */
  readonly comment?: string;
}

/** Short enough for a workflow step's reason, which has a prefix and at most 1024 characters. */
export const MAX_REASON_LENGTH = 500;
const MIN_REASON_LENGTH = 3;

/** Both decisions need typed text, because mail scanners press buttons but do not type. */
export function parseForm(
  body: string,
  { subject }: Pick<ApprovalRecord, 'subject'>,
  approver: string,
): FormResult {
  const form = new URLSearchParams(body);
  if (form.get('decision') === 'reject')
    return parseRejection(toSingleLine(form.get('why') ?? '', MAX_REASON_LENGTH));
  const typed = toSingleLine(form.get('code') ?? '', MAX_REASON_LENGTH);
  if (form.get('decision') !== 'approve') {
    return { problem: 'Not recorded: use the Approve or the Reject button.', field: 'code', typed };
  }
  if (isInitiator({ subject }, approver)) {
    return { problem: 'You started this build, so you cannot approve it.', field: 'code', typed: '' };
  }
  const comment = toSingleLine(form.get('comment') ?? '', MAX_REASON_LENGTH);
  if (typed.toLowerCase() === subject.code.toLowerCase())
    return { decision: 'approve', ...(comment !== '' && { why: comment }) };
  return { problem: `Not approved: type ${subject.code} exactly.`, field: 'code', typed, comment };
}

function parseRejection(why: string): FormResult {
  if (why.length < MIN_REASON_LENGTH) {
    const problem = `Not rejected: type a reason of at least ${MIN_REASON_LENGTH} characters.`;
    return { problem, field: 'why', typed: why };
  }
  return { decision: 'reject', why };
}
