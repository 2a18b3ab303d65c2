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

/** What was found out about the places a deployment goes to. */
export interface SourceData {
  readonly issues: readonly HealthIssue[];
  readonly calendars?: CalendarState | undefined;
  readonly sourceErrors: readonly SourceError[];
}

/** The state of the policy's Change Calendars together. */
export interface CalendarState {
  readonly isOpen: boolean;
  /** When that changes; epoch milliseconds. */
  readonly changesAt?: number;
}

/** A source that could not be read, in words for the pipeline's owner. */
export interface SourceError {
  readonly kind: 'passing' | 'misconfigured' | 'refused';
  readonly message: string;
}

export type Verdict =
  | { readonly verdict: 'PASS' }
  | {
      readonly verdict: 'BLOCK';
      readonly issues: readonly HealthIssue[];
      /** There when the calendars are closed. */
      readonly calendars?: CalendarState;
    }
  | { readonly verdict: 'UNKNOWN'; readonly sourceErrors: readonly SourceError[] }
  | { readonly verdict: 'MISCONFIGURED'; readonly sourceErrors: readonly SourceError[] };

/**
 * The one decision of the gate. What a person must mend comes first, since it would pass or block for ever; a known
 * incident blocks however much else could not be read; nothing passes unless everything was read.
 */
export function judge({ issues, calendars, sourceErrors }: SourceData, policy: Policy, now: number): Verdict {
  const lasting = sourceErrors.filter(({ kind }) => kind !== 'passing');
  if (lasting.length > 0) return { verdict: 'MISCONFIGURED', sourceErrors: lasting };
  const blocking = issues.filter((issue) => isBlocking(issue, policy, now));
  const isClosed = calendars?.isOpen === false;
  if (blocking.length > 0 || isClosed)
    return { verdict: 'BLOCK', issues: uniqueIssues(blocking), ...(isClosed && { calendars }) };
  return sourceErrors.length > 0 ? { verdict: 'UNKNOWN', sourceErrors } : { verdict: 'PASS' };
}

/** What a failed read means for the verdict; the hint says what to look at when AWS refused. */
export function toSourceError(error: unknown, source: string, hint = ''): SourceError {
  const { name, message } = describeError(error);
  const said = `${source}: ${name}: ${message}`;
  if (hasName(error, 'SubscriptionRequiredException'))
    return { kind: 'refused', message: `${source}: ${NO_SUPPORT_PLAN}` };
  if (isClientError(error)) return { kind: 'refused', message: hint === '' ? said : `${said}. ${hint}` };
  // A connection that broke or a reply that was no JSON: nobody said no.
  const isPassing = isRetryable(error) || !(error instanceof InvalidInputError || isServiceResponse(error));
  return { kind: isPassing ? 'passing' : 'misconfigured', message: said };
}

const NO_SUPPORT_PLAN =
  "its API needs AWS's Business, Enterprise On-Ramp or Enterprise Support (SubscriptionRequiredException). Without such " +
  'a plan, take this action out of the pipeline and hold it on CloudWatch alarms instead';

/** A public event is seen by every account that is asked. */
function uniqueIssues(issues: readonly HealthIssue[]): HealthIssue[] {
  const byArn = new Map(issues.map((issue) => [issue.arn, issue]));
  return [...byArn.values()].sort((a, b) => a.startedAt - b.startedAt);
}
