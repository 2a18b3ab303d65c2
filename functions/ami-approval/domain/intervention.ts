import type { ApprovalRecord, Approver } from './approval-record.ts';
import { isLeased } from './approval-transitions.ts';
import type { Draft } from './record-key.ts';

/** What a person does to an open request by a direct call, and why. */
export type Intervention = (
  | { readonly kind: 'cancel' }
  | { readonly kind: 'revoke links'; readonly approver: string }
) & { readonly who: string; readonly why: string };

/** @returns the next record, or why the intervention is not possible */
export function applyIntervention(
  known: Draft<ApprovalRecord> | undefined,
  intervention: Intervention,
  now: number,
): { readonly draft: Draft<ApprovalRecord> } | { readonly refusal: string } {
  if (!known) return { refusal: 'there is no such request' };
  const isOpen = known.open !== undefined && (known.status === 'pending' || known.status === 'approved');
  if (!isOpen) return { refusal: `the request is ${known.status}` };
  if (isLeased(known, now)) return { refusal: 'the decision is being executed' };
  return intervention.kind === 'cancel'
    ? { draft: cancel(known, intervention, now) }
    : revokeLinks(known, intervention, now);
}

/** ExecuteApproval closes it. Nothing is shared, and a waiting step is not answered. */
function cancel(
  known: Draft<ApprovalRecord>,
  { who, why }: Intervention,
  now: number,
): Draft<ApprovalRecord> {
  const text = `${who} cancelled it: ${why}`;
  const entry = { at: now, round: known.round, what: 'cancelled', who, why: text } as const;
  return { ...known, status: 'cancelled', decidedAt: now, why: text, history: [...known.history, entry] };
}

/** The approver's links stop working at once, and their approval in this round no longer counts. */
function revokeLinks(
  known: Draft<ApprovalRecord>,
  { approver, who, why }: Intervention & { kind: 'revoke links' },
  now: number,
): { readonly draft: Draft<ApprovalRecord> } | { readonly refusal: string } {
  const found = known.approvers.find(({ address }) => address.toLowerCase() === approver.toLowerCase());
  if (!found) return { refusal: `${approver} is no approver of this request` };
  const revoked: Approver = { address: found.address, isRevoked: true };
  const approvers = known.approvers.map((one) => (one === found ? revoked : one));
  const entry = {
    at: now,
    round: known.round,
    what: 'revoked',
    who,
    why: `${found.address}: ${why}`,
  } as const;
  return { draft: { ...known, approvers, history: [...known.history, entry] } };
}
