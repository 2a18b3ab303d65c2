import { isWildcardMatch } from '#shared/wildcard.ts';
import type { Policy } from './policy.ts';
import { GLOBAL } from './regions.ts';

/** An AWS Health event of the category issue. Times are epoch milliseconds. */
export interface HealthIssue {
  readonly arn: string;
  readonly code: string;
  readonly service: string;
  readonly region: string;
  /** The name of the only Availability Zone that it affects. */
  readonly zone?: string;
  readonly scope: string;
  readonly status: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** The account whose AWS Health reports it. */
  readonly account: string;
}

const DAY_MS = 86_400_000;

// Account-specific events block only if they concern a whole service. An event about a rack, a database or a link is for
// its owner: in a large account some resource is always degraded, and that must not stop every pipeline.
const serviceCodes = /_(OPERATIONAL|API)_ISSUE$/;
const singleResourceCodes = /_(INSTANCE|VOLUME|DRIVE|HOST|TUNNEL|VPN|VIRTUAL_INTERFACE)_/;

/** Older events are ignored, by the policy's age limit. */
export function oldestStart(policy: Policy, now: number): number {
  return now - policy.maxEventAgeDays * DAY_MS;
}

/** Whether the event stops a deployment. */
export function isBlocking(issue: HealthIssue, policy: Policy, now: number): boolean {
  if (issue.status !== 'open' || issue.startedAt < oldestStart(policy, now)) return false;
  if (issue.region !== GLOBAL && !policy.regions.includes(issue.region)) return false;
  if (!isAboutZones(issue, policy.zones)) return false;
  if (policy.endedIsOver && issue.endedAt !== undefined && issue.endedAt <= now) return false;
  if (isWildcardMatch(issue.code, policy.ignoreCodes)) return false;
  if (isWildcardMatch(issue.code, policy.blockCodes)) return true;
  if (!isAboutServices(issue, policy.services)) return false;
  return issue.scope === 'PUBLIC' || (serviceCodes.test(issue.code) && !singleResourceCodes.test(issue.code));
}

/** An issue of one zone does not concern a policy that names only other zones of its Region. */
function isAboutZones({ region, zone }: HealthIssue, zones: readonly string[] = []): boolean {
  const own = zones.filter((one) => one.startsWith(region));
  return zone === undefined || own.length === 0 || own.includes(zone);
}

/** AWS files a large outage under several services at once; an API filter by service would miss it. */
function isAboutServices({ service, code }: HealthIssue, services: readonly string[]): boolean {
  return services.length === 0 || services.includes(service) || code.startsWith('AWS_MULTIPLE_SERVICES_');
}
