import { sha256 } from '#shared/hash.ts';
import { MINUTE_MS } from '#shared/time.ts';
import { type ApprovalRecord, approvalsOf, votesOf } from './approval-record.ts';

/** The id of a step execution. The table uses it as a sort key, so no other text may pass for one. */
export const STEP_EXECUTION_ID = /^step-[0-9a-f-]{36}$/;

/** A workflow step that waits, and the build it belongs to. */
export interface WaitingStep {
  readonly stepExecutionId: string;
  readonly imageArn: string;
}

/** A waiting step with its name in the workflow. */
export interface NamedStep extends WaitingStep {
  readonly name: string;
}

/** The answer to a waiting step. */
export interface StepAnswer {
  readonly action: 'RESUME' | 'STOP';
  readonly reason: string;
  /** The same for the same answer, so that Image Builder counts a retry once. */
  readonly token: string;
}

/** Source: SendWorkflowStepAction. */
const MAX_STEP_REASON_LENGTH = 1024;

/** An answer in the last minutes of a step could arrive too late. */
const STEP_MARGIN_MS = 5 * MINUTE_MS;

export function stepAnswerOf(
  record: Pick<ApprovalRecord, 'status' | 'part' | 'round' | 'history' | 'approvers'>,
): StepAnswer {
  const action = record.status === 'approved' ? 'RESUME' : 'STOP';
  const token = sha256(`${record.part} ${action} ${record.round}`);
  return { action, reason: reasonOf(record).slice(0, MAX_STEP_REASON_LENGTH), token };
}

function reasonOf(record: Pick<ApprovalRecord, 'status' | 'round' | 'history' | 'approvers'>): string {
  if (record.status === 'approved') return `Approved by ${approvalsOf(record).join(', ')}`;
  const rejection = votesOf(record).find(({ what }) => what === 'reject');
  if (rejection) return `Rejected by ${rejection.who}: ${rejection.why ?? 'no reason given'}`;
  return 'Not approved in time';
}

/** When a request expires: after `openMs`, or shortly before its workflow step times out if that is sooner. */
export function expiryOf(now: number, openMs: number, stepEndsAt: number | undefined): number {
  if (stepEndsAt === undefined) return now + openMs;
  const left = Math.max(0, stepEndsAt - now);
  return Math.min(now + openMs, now + left - Math.min(STEP_MARGIN_MS, left / 10));
}
