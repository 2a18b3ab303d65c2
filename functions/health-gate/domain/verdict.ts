import {
  describeError,
  hasName,
  InvalidInputError,
  isClientError,
  isRetryable,
  isServiceResponse,
} from '#shared/errors.ts';
import { type Issue, isBlocking } from './health-issue.ts';
import type { Policy } from './policy.ts';

/** What was found out about the places a deployment goes to. */
export interface Findings {
  readonly issues: readonly Issue[];
  readonly calendars?: Calendars | undefined;
  readonly troubles: readonly Trouble[];
}

/** The state of the policy's Change Calendars together. */
export interface Calendars {
  readonly isOpen: boolean;
  /** When that changes; epoch milliseconds. */
  readonly changesAt?: number;
}

/** A source that could not be read, in words for the pipeline's owner. */
export interface Trouble {
  readonly kind: 'passing' | 'misconfigured' | 'refused';
  readonly message: string;
}

export type Verdict =
  | { readonly verdict: 'PASS' }
  | {
      readonly verdict: 'BLOCK';
      readonly issues: readonly Issue[];
      /** There when the calendars are closed. */
      readonly calendars?: Calendars;
    }
  | { readonly verdict: 'UNKNOWN'; readonly troubles: readonly Trouble[] }
  | { readonly verdict: 'MISCONFIGURED'; readonly troubles: readonly Trouble[] };

/**
 * The one decision of the gate. What a person must mend comes first, since it would pass or block for ever; a known
 * incident blocks however much else could not be read; nothing passes unless everything was read.
 */
export function judge({ issues, calendars, troubles }: Findings, policy: Policy, now: number): Verdict {
  const lasting = troubles.filter(({ kind }) => kind !== 'passing');
  if (lasting.length > 0) return { verdict: 'MISCONFIGURED', troubles: lasting };
  const blocking = issues.filter((issue) => isBlocking(issue, policy, now));
  const isClosed = calendars?.isOpen === false;
  if (blocking.length > 0 || isClosed)
    return { verdict: 'BLOCK', issues: eachOnce(blocking), ...(isClosed && { calendars }) };
  return troubles.length > 0 ? { verdict: 'UNKNOWN', troubles } : { verdict: 'PASS' };
}

/** What a failed read means for the verdict; the hint says what to look at when AWS refused. */
export function troubleOf(error: unknown, source: string, hint = ''): Trouble {
  const { name, message } = describeError(error);
  const said = `${source}: ${name}: ${message}`;
  if (hasName(error, 'SubscriptionRequiredException'))
    return { kind: 'refused', message: `${source}: ${noPlan}` };
  if (isClientError(error)) return { kind: 'refused', message: hint === '' ? said : `${said}. ${hint}` };
  // A connection that broke or a reply that was no JSON: nobody said no.
  const isPassing = isRetryable(error) || !(error instanceof InvalidInputError || isServiceResponse(error));
  return { kind: isPassing ? 'passing' : 'misconfigured', message: said };
}

const noPlan =
  "its API needs AWS's Business, Enterprise On-Ramp or Enterprise Support (SubscriptionRequiredException). Without such " +
  'a plan, take this action out of the pipeline and hold it on CloudWatch alarms instead';

/** A public event is seen by every account that is asked. */
function eachOnce(issues: readonly Issue[]): Issue[] {
  const byArn = new Map(issues.map((issue) => [issue.arn, issue]));
  return [...byArn.values()].sort((a, b) => a.startedAt - b.startedAt);
}
