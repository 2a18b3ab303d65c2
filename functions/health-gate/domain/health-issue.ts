import type { Policy } from './policy.ts';
import { GLOBAL } from './regions.ts';

/** An event of AWS Health, category issue. Times are epoch milliseconds. */
export interface HealthIssue {
  readonly arn: string;
  readonly code: string;
  readonly service: string;
  readonly region: string;
  readonly scope: string;
  readonly status: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Whose AWS Health shows it. */
  readonly account: string;
}

const DAY_MS = 86_400_000;

// A fault of a whole service that AWS shows to this account alone. What names a single resource is for its owner to
// mend, and no reason to stop every pipeline: one degraded drive somewhere is the usual state of a large account.
const operationalCodes = /_(OPERATIONAL|API|CONNECTIVITY|LATENCY|AVAILABILITY|ERROR_RATES?)_ISSUE$/;
const singleResourceCodes = /_(INSTANCE|VOLUME|DRIVE|HOST|TUNNEL|VPN|VIRTUAL_INTERFACE)_/;

/** From when on events count, by the policy's age limit. */
export function oldestStart(policy: Policy, now: number): number {
  return now - policy.maxEventAgeDays * DAY_MS;
}

/** Whether an event is a reason to hold a deployment. */
export function isBlocking(issue: HealthIssue, policy: Policy, now: number): boolean {
  if (issue.status !== 'open' || issue.startedAt < oldestStart(policy, now)) return false;
  if (issue.region !== GLOBAL && !policy.regions.includes(issue.region)) return false;
  if (policy.endedIsOver && issue.endedAt !== undefined && issue.endedAt <= now) return false;
  if (matchesAny(policy.ignoreCodes, issue.code)) return false;
  if (matchesAny(policy.blockCodes, issue.code)) return true;
  if (!concernsServices(issue, policy.services)) return false;
  return (
    issue.scope === 'PUBLIC' || (operationalCodes.test(issue.code) && !singleResourceCodes.test(issue.code))
  );
}

/** A large outage is filed under several services at once, and an API filter by service would not find it. */
function concernsServices({ service, code }: HealthIssue, services: readonly string[]): boolean {
  return services.length === 0 || services.includes(service) || code.startsWith('AWS_MULTIPLE_SERVICES_');
}

function matchesAny(patterns: readonly string[], code: string): boolean {
  return patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(code));
}
