import {
  describeError,
  hasName,
  InvalidInputError,
  isClientError,
  isRetryable,
  isServiceResponse,
} from '#shared/errors.ts';
import { type HealthIssue, isBlocking } from './health-issue.ts';
import type { Policy } from './policy.ts';

/** What AWS Health and the calendars say about the deployment's Regions and accounts. */
export interface SourceData {
  readonly issues: readonly HealthIssue[];
  readonly calendars?: CalendarState | undefined;
  readonly sourceErrors: readonly SourceError[];
}

/** The combined state of the policy's Change Calendars. */
export interface CalendarState {
  readonly isOpen: boolean;
  /** When that changes; epoch milliseconds. */
  readonly changesAt?: number;
}

/** A source that could not be read, with a message for the pipeline's owner. */
export interface SourceError {
  readonly kind: 'temporary' | 'misconfigured' | 'denied';
  readonly message: string;
}

export type Verdict =
  | { readonly verdict: 'PASS' }
  | {
      readonly verdict: 'BLOCK';
      readonly issues: readonly HealthIssue[];
      /** Set if the calendars are closed. */
      readonly calendars?: CalendarState;
    }
  | { readonly verdict: 'UNKNOWN'; readonly sourceErrors: readonly SourceError[] }
  | { readonly verdict: 'MISCONFIGURED'; readonly sourceErrors: readonly SourceError[] };

/**
 * The gate's decision. Errors that a person must fix come first: without a fix they would block or pass permanently. A
 * known incident blocks even if other sources could not be read. A deployment passes only if every source was read.
 */
export function decideVerdict(
  { issues, calendars, sourceErrors }: SourceData,
  policy: Policy,
  now: number,
): Verdict {
  const permanent = sourceErrors.filter(({ kind }) => kind !== 'temporary');
  if (permanent.length > 0) return { verdict: 'MISCONFIGURED', sourceErrors: permanent };
  const blocking = issues.filter((issue) => isBlocking(issue, policy, now));
  const isClosed = calendars?.isOpen === false;
  if (blocking.length > 0 || isClosed)
    return { verdict: 'BLOCK', issues: uniqueIssues(blocking), ...(isClosed && { calendars }) };
  return sourceErrors.length > 0 ? { verdict: 'UNKNOWN', sourceErrors } : { verdict: 'PASS' };
}

/** Classifies a failed read. `hint` says what to check when AWS denied the call. */
export function toSourceError(error: unknown, source: string, hint = ''): SourceError {
  const { name, message } = describeError(error);
  const text = `${source}: ${name}: ${message}`;
  if (hasName(error, 'SubscriptionRequiredException'))
    return { kind: 'denied', message: `${source}: ${NO_SUPPORT_PLAN}` };
  if (isClientError(error)) return { kind: 'denied', message: hint === '' ? text : `${text}. ${hint}` };
  // A broken connection or an unreadable response is no denial.
  const isTemporary = isRetryable(error) || !(error instanceof InvalidInputError || isServiceResponse(error));
  return { kind: isTemporary ? 'temporary' : 'misconfigured', message: text };
}

const NO_SUPPORT_PLAN =
  "its API needs AWS's Business, Enterprise On-Ramp or Enterprise Support (SubscriptionRequiredException). Without such " +
  'a plan, take this action out of the pipeline and hold it on CloudWatch alarms instead';

/** Every account reports the same public events. */
function uniqueIssues(issues: readonly HealthIssue[]): HealthIssue[] {
  const byArn = new Map(issues.map((issue) => [issue.arn, issue]));
  return [...byArn.values()].sort((a, b) => a.startedAt - b.startedAt);
}
