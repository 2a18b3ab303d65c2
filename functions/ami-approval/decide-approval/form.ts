import type { Approval } from '../domain/approval-record.ts';
import { isBarred } from '../domain/approval-transitions.ts';

/** What a person sent, as far as it can be counted. */
export type Sent =
  | { readonly decision: 'approve' }
  | { readonly decision: 'reject'; readonly why: string }
  | Problem;

/** What is wrong with it, in words for the person, and what he had typed. */
export interface Problem {
  readonly problem: string;
  readonly field: 'code' | 'why';
  readonly typed: string;
}

/** A reason ends up in mails, on the page and, after a prefix, as a workflow step's reason of 1024 characters. */
export const LONGEST_WHY = 500;
const SHORTEST_WHY = 3;

/** Approving takes characters that only somebody who looks can type, rejecting a reason: scanners press bare buttons. */
export function readForm(body: string, { subject }: Pick<Approval, 'subject'>, who: string): Sent {
  const form = new URLSearchParams(body);
  if (form.get('decision') === 'reject') return readRejection(plain(form.get('why') ?? ''));
  const typed = plain(form.get('code') ?? '');
  if (form.get('decision') !== 'approve') {
    return { problem: 'Nothing was decided: use one of the two buttons.', field: 'code', typed };
  }
  if (isBarred({ subject }, who)) {
    return { problem: 'You started this build, so you may not approve it.', field: 'code', typed: '' };
  }
  if (typed.toLowerCase() === subject.code.toLowerCase()) return { decision: 'approve' };
  return { problem: `Nothing was decided: that is not ${subject.code}.`, field: 'code', typed };
}

function readRejection(why: string): Sent {
  if (why.length < SHORTEST_WHY) {
    return { problem: 'Nothing was decided: say why it is rejected.', field: 'why', typed: why };
  }
  return { decision: 'reject', why };
}

/** One line without control characters: it is quoted in mails and handed to a workflow. */
function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_WHY);
}
