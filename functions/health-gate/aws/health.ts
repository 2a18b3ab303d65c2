import { DescribeEventsCommand, type Event, HealthClient } from '@aws-sdk/client-health';
import { type Credentials, createClient } from '#shared/aws/client.ts';
import { paginate } from '#shared/aws/pages.ts';
import { hasName, isClientError } from '#shared/errors.ts';
import type { HealthIssue } from '../domain/health-issue.ts';
import { GLOBAL } from '../domain/regions.ts';
import { healthRegions } from './health-endpoint.ts';

/** DescribeEvents accepts at most ten Regions in a filter. */
export const MAX_REGIONS = 10;

export interface HealthQuery {
  readonly account: string;
  /** Set for another account. */
  readonly credentials?: Credentials | undefined;
  /** At most ten. */
  readonly regions: readonly string[];
  /** Started at or after; epoch milliseconds. */
  readonly since: number;
  /** The function's Region; it determines the partition. */
  readonly ownRegion: string;
  readonly now: number;
}

export interface HealthResponse {
  readonly issues: readonly HealthIssue[];
  /** Set if some pages could not be read. */
  readonly failure?: unknown;
}

/**
 * Lists every open issue in the Regions. Asks the active endpoint and then the other: one may be down, or denied by a
 * policy about Regions. Issues read before a failure are kept, because a known incident always counts. Services are
 * filtered in code: AWS files an outage of several services under none of them.
 */
export async function listOpenIssues(query: HealthQuery, signal: AbortSignal): Promise<HealthResponse> {
  const issues: HealthIssue[] = [];
  const failures: unknown[] = [];
  for (const region of await healthRegions(query.ownRegion, query.now)) {
    try {
      await readIssues(clientFor(region, query.credentials), query, { issues, signal });
      return { issues };
    } catch (error) {
      failures.push(error);
      // The account lacks the support plan: the other endpoint would say the same.
      if (hasName(error, 'SubscriptionRequiredException') || signal.aborted) break;
    }
  }
  return { issues, failure: failures.find((error) => !isClientError(error)) ?? failures[0] };
}

async function readIssues(
  client: HealthClient,
  { account, regions, since }: HealthQuery,
  { issues, signal }: { readonly issues: HealthIssue[]; readonly signal: AbortSignal },
): Promise<void> {
  const filter = {
    regions: [...regions],
    eventTypeCategories: ['issue' as const],
    eventStatusCodes: ['open' as const],
    startTimes: [{ from: new Date(since) }],
  };
  await paginate<HealthIssue, string>(async (next) => {
    const command = new DescribeEventsCommand({ filter, maxResults: 100, ...(next && { nextToken: next }) });
    const { events = [], nextToken } = await client.send(command, { abortSignal: signal });
    const items = events.flatMap((event) => toIssue(event, account));
    issues.push(...items);
    return { items, next: nextToken };
  });
}

const clients = new Map<string, HealthClient>();

function clientFor(region: string, credentials: Credentials | undefined): HealthClient {
  const settings = { deadlineMs: 6_000, attempts: 2, region };
  if (credentials) return createClient(HealthClient, { ...settings, credentials });
  const client = clients.get(region) ?? createClient(HealthClient, settings);
  clients.set(region, client);
  return client;
}

/** Skips an event without a code or a start; AWS sends none. */
function toIssue(event: Event, account: string): HealthIssue[] {
  const { arn, eventTypeCode, service, region, availabilityZone, eventScopeCode, statusCode } = event;
  const { startTime, endTime } = event;
  if (!(arn && eventTypeCode && startTime)) return [];
  return [
    {
      arn,
      code: eventTypeCode,
      service: service ?? '',
      region: region ?? GLOBAL,
      scope: eventScopeCode ?? 'NONE',
      status: statusCode ?? 'open',
      startedAt: startTime.getTime(),
      ...(availabilityZone && { zone: availabilityZone }),
      ...(endTime && { endedAt: endTime.getTime() }),
      account,
    },
  ];
}
