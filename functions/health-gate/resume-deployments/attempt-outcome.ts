import { describeError } from '#shared/errors.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import type { ResumeDecision } from '../domain/resume-decision.ts';

/** The result of processing a due hold. */
export type AttemptOutcome =
  | { readonly kind: 'resumed' | 'dropped' | 'abandoned'; readonly reason: string }
  | { readonly kind: 'postponed'; readonly reason: string; readonly retryAt?: number }
  /** The run with the claim died before the retry, and the checks are no longer clear. */
  | { readonly kind: 'held again'; readonly reason: string };

/** A hold as it was when it was processed, and the outcome. */
export interface ResumeAttempt {
  readonly hold: HoldRecord;
  readonly outcome: AttemptOutcome;
}

/** @returns undefined for `retry` */
export function toOutcome(decision: ResumeDecision, hold: HoldRecord): AttemptOutcome | undefined {
  switch (decision.kind) {
    case 'retry':
      return undefined;
    case 'continued':
      return hold.status === 'retrying'
        ? { kind: 'resumed', reason: resumeReason(hold) }
        : { kind: 'dropped', reason: 'a person has retried it' };
    case 'postpone':
      return { kind: 'postponed', reason: decision.reason };
    case 'drop':
      return { kind: 'dropped', reason: decision.reason };
    case 'abandon':
      return { kind: 'abandoned', reason: decision.reason };
  }
}

export function resumeReason({ resumeReason: reason = 'the checks are clear' }: HoldRecord): string {
  return reason;
}

export function deniedReason(error: unknown): string {
  return `access denied: check for a policy that denies this function to read or retry the pipeline. ${formatError(error)}`;
}

export function formatError(error: unknown): string {
  const { message, name } = describeError(error);
  return `${name}: ${message}`;
}
