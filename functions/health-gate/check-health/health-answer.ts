import { healthEventPage } from '#shared/partitions.ts';
import { formatIso } from '#shared/time.ts';
import type { HealthIssue } from '../domain/health-issue.ts';
import type { Override } from '../domain/override.ts';
import type { Policy } from '../domain/policy.ts';
import { SWEEP_INTERVAL_MS } from '../domain/resume-schedule.ts';
import type { Verdict } from '../domain/verdict.ts';
import { describeOverride, describeVerdict } from '../messages/verdict-text.ts';

/** What the caller gets. Its members are an interface: scripts read them. */
export interface HealthAnswer {
  readonly verdict: Verdict['verdict'] | 'OVERRIDDEN';
  /** Whether the policy allows the deployment now. */
  readonly deploy: boolean;
  readonly message: string;
  /** The AWS Health events that count. */
  readonly events: readonly AnsweredEvent[];
  /** When the answer may change; ISO 8601. Absent if a person must correct something first. */
  readonly askAgainAt?: string;
  /** Set if the input is invalid: the field and its value. */
  readonly error?: string;
}

interface AnsweredEvent {
  readonly code: string;
  readonly service: string;
  readonly region: string;
  readonly zone?: string;
  readonly startedAt: string;
  readonly url: string;
}

/** AWS Health is asked at most once a minute. */
const FRESH_MS = 60_000;

export function toAnswer(verdict: Verdict, policy: Policy, now: number): HealthAnswer {
  const askAgainAt = nextCheckAt(verdict, now);
  return {
    verdict: verdict.verdict,
    deploy: isAllowed(verdict, policy),
    message: describeVerdict(verdict, policy),
    events: verdict.verdict === 'BLOCK' ? verdict.issues.map(toEvent) : [],
    ...(askAgainAt !== undefined && { askAgainAt: formatIso(askAgainAt) }),
  };
}

export function toOverriddenAnswer(override: Override): HealthAnswer {
  return {
    verdict: 'OVERRIDDEN',
    deploy: true,
    message: describeOverride(override),
    events: [],
    askAgainAt: formatIso(override.until),
  };
}

/** For an invalid policy. `deploy` is true if the policy only warns. */
export function toRefusal(reason: string, deploy = false): HealthAnswer {
  const message = `The gate cannot decide: ${reason}`;
  return { verdict: 'MISCONFIGURED', deploy, message, events: [], error: reason };
}

/** In a dry run every deployment is allowed, and the message says what would have happened. */
export function toDryRunAnswer(answer: HealthAnswer): HealthAnswer {
  const planned = answer.deploy ? 'allowed' : 'stopped';
  return { ...answer, deploy: true, message: `Dry run, would be ${planned}: ${answer.message}` };
}

/** A caller has no error budget: `onUnknown` decides at once. */
function isAllowed({ verdict }: Verdict, { mode, onUnknown }: Policy): boolean {
  return verdict === 'PASS' || mode === 'warn' || (verdict === 'UNKNOWN' && onUnknown === 'allow');
}

function nextCheckAt(verdict: Verdict, now: number): number | undefined {
  switch (verdict.verdict) {
    case 'PASS':
    case 'UNKNOWN':
      return now + FRESH_MS;
    case 'MISCONFIGURED':
      return undefined;
    case 'BLOCK': {
      const opensAt = verdict.issues.length === 0 ? verdict.calendars?.changesAt : undefined;
      return Math.max(opensAt ?? now + SWEEP_INTERVAL_MS, now + FRESH_MS);
    }
  }
}

function toEvent({ arn, code, region, service, startedAt, zone }: HealthIssue): AnsweredEvent {
  return {
    code,
    service,
    region,
    ...(zone !== undefined && { zone }),
    startedAt: formatIso(startedAt),
    url: healthEventPage(arn),
  };
}
