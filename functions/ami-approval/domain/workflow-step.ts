import { sha256 } from '#shared/hash.ts';
import { type Approval, approvalsOf, votesOf } from './approval-record.ts';

/** A workflow step that waits, and the build it belongs to. */
export interface WaitingStep {
  readonly stepExecutionId: string;
  readonly imageArn: string;
}

/** What a waiting step is told. */
export interface Answer {
  readonly action: 'RESUME' | 'STOP';
  readonly reason: string;
  /** The same for the same answer, so that a repeat is one answer. */
  readonly token: string;
}

/** Image Builder takes reasons of up to 1024 characters. */
const LONGEST_REASON = 1024;

export function answerFor(approval: Pick<Approval, 'status' | 'part' | 'round' | 'history'>): Answer {
  const action = approval.status === 'approved' ? 'RESUME' : 'STOP';
  const token = sha256(`${approval.part} ${action} ${approval.round}`);
  return { action, reason: reasonOf(approval).slice(0, LONGEST_REASON), token };
}

function reasonOf(approval: Pick<Approval, 'status' | 'round' | 'history'>): string {
  if (approval.status === 'approved') return `Approved by ${approvalsOf(approval).join(', ')}`;
  const rejection = votesOf(approval).find(({ what }) => what === 'reject');
  if (rejection) return `Rejected by ${rejection.who}: ${rejection.why ?? 'no reason given'}`;
  return 'Nobody approved it in time';
}

/** How long a request may be open: until it expires, or until shortly before its step gives up if that is sooner. */
export function expiryOf(now: number, holdMs: number, stepEndsAt: number | undefined): number {
  if (stepEndsAt === undefined) return now + holdMs;
  const left = Math.max(0, stepEndsAt - now);
  return Math.min(now + holdMs, now + left - Math.min(STEP_MARGIN_MS, left / 10));
}

/** An answer in the step's last minutes could come too late. */
const STEP_MARGIN_MS = 5 * 60_000;
