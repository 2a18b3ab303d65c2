import { isRetryable, isServiceResponse, toError } from '#shared/errors.ts';
import type { ApprovalRecord, ShareResult } from '../domain/approval-record.ts';
import type { ExecutionOutcome } from '../domain/approval-transitions.ts';

/** Part of the execution failed, and a retry may succeed. */
export interface Incomplete {
  readonly error: unknown;
  /** What is done and need not be repeated. */
  readonly shares?: Readonly<Record<string, ShareResult>>;
}

export type ExecutionResult = ExecutionOutcome | Incomplete;

/** AWS refused the call and would refuse it again. Network errors and our own bugs are not final. */
export function isFinalError(error: unknown): boolean {
  return isServiceResponse(error) && !isRetryable(error);
}

export function formatError(error: unknown): string {
  const { name, message } = toError(error);
  return `${name}: ${message}`;
}

/** The final status of a request that was not approved. */
export function closedOutcome({ status }: Pick<ApprovalRecord, 'status'>): 'rejected' | 'expired' {
  return status === 'expired' ? 'expired' : 'rejected';
}
