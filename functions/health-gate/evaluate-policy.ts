import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { Invocation } from '#shared/invocation.ts';
import { findCachedResponse, saveResponse } from './aws/gate-table.ts';
import { type HealthResponse, listOpenIssues, MAX_REGIONS } from './aws/health.ts';
import { readCalendars } from './aws/ssm.ts';
import { assumeRole } from './aws/sts.ts';
import type { SourceConfig } from './config.ts';
import { oldestStart } from './domain/health-issue.ts';
import type { Policy } from './domain/policy.ts';
import { GLOBAL } from './domain/regions.ts';
import {
  type CalendarState,
  decideVerdict,
  type SourceError,
  toSourceError,
  type Verdict,
} from './domain/verdict.ts';

const CACHE_MS = 60_000;
const HEALTH_CONCURRENCY = 5;
/** Share of the remaining time for reading; the rest is for acting on the result. */
const READ_TIME_SHARE = 0.6;

/** What one invocation needs to read the sources. */
export interface Sources {
  readonly config: SourceConfig;
  readonly invocation: Invocation;
  /** Ends reads early enough to act on the rest: a source not read by then counts as unavailable. */
  readonly signal: AbortSignal;
  /** By query: AWS Health is asked once, however many policies need the same answer. */
  readonly responses: Map<string, Promise<HealthResponse>>;
}

export function createSources(config: SourceConfig, invocation: Invocation): Sources {
  const timeout = AbortSignal.timeout(Math.floor(invocation.remainingMs() * READ_TIME_SHARE));
  return { config, invocation, signal: AbortSignal.any([invocation.signal, timeout]), responses: new Map() };
}

/**
 * Reads the policy's sources and decides the verdict. A response younger than a minute is used again unless `fresh` is
 * set, because a waiting pipeline repeats its check about every 30 seconds.
 */
export async function evaluatePolicy(
  policy: Policy,
  sources: Sources,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<Verdict> {
  const queries = toQueries(policy, sources.config);
  const [health, calendars] = await Promise.all([
    mapLimit(queries, HEALTH_CONCURRENCY, (question) => readHealthOnce(question, sources, fresh)),
    readCalendarState(policy, sources),
  ]);
  const failed = health.flatMap(({ failure }, i) =>
    failure === undefined ? [] : [{ failure, question: queries[i] }],
  );
  const data = {
    issues: health.flatMap(({ issues }) => issues),
    calendars: calendars.state,
    sourceErrors: [
      ...failed.map(({ failure, question }) => toSourceError(failure, ...sourceNameAndHint(question))),
      ...(calendars.sourceErrors ?? []),
    ],
  };
  return decideVerdict(data, policy, sources.invocation.now());
}

interface SourceQuery {
  readonly account: string;
  /** Set for another account. */
  readonly roleArn: string | undefined;
  readonly regions: readonly string[];
  readonly policy: Policy;
}

function toQueries(policy: Policy, config: SourceConfig): SourceQuery[] {
  const groups = chunk([...policy.regions, GLOBAL], MAX_REGIONS);
  return accountsOf(policy, config).flatMap((account) =>
    groups.map((regions) => ({ account, roleArn: roleForAccount(account, policy, config), regions, policy })),
  );
}

/** Without `accounts`, the role's ARN names the account. */
function accountsOf({ accounts, roleArn }: Policy, { accountId }: SourceConfig): readonly string[] {
  return accounts.length > 0 ? accounts : [/::(\d{12}):/.exec(roleArn ?? '')?.[1] ?? accountId];
}

function roleForAccount(account: string, { roleArn }: Policy, config: SourceConfig): string | undefined {
  if (account === config.accountId && roleArn === undefined) return undefined;
  return (roleArn ?? config.readerRoleArn).replace('{account}', account);
}

/** For an error message: the source's name, and what to check if access is denied. */
function sourceNameAndHint(query: SourceQuery | undefined): readonly [string, string] {
  const { account = '', roleArn } = query ?? {};
  const hint =
    roleArn === undefined
      ? "Allow health:DescribeEvents to this function's role"
      : `Check that ${roleArn} exists, trusts this account and allows health:DescribeEvents`;
  return [`AWS Health of account ${account}`, hint];
}

function readHealthOnce(query: SourceQuery, sources: Sources, fresh: boolean): Promise<HealthResponse> {
  const { account, policy, regions, roleArn = '-' } = query;
  const key = [account, roleArn, ...regions, policy.maxEventAgeDays].join(' ');
  const known = sources.responses.get(key);
  if (known !== undefined) return known;
  const request = readHealth(query, key, sources, fresh);
  sources.responses.set(key, request);
  return request;
}

async function readHealth(
  query: SourceQuery,
  key: string,
  sources: Sources,
  fresh: boolean,
): Promise<HealthResponse> {
  const { config, invocation, signal } = sources;
  const now = invocation.now();
  const cached = fresh
    ? undefined
    : await ignoreFailure(sources, () => findCachedResponse(config.gateTable, key, signal));
  if (cached && cached.readAt <= now && now - cached.readAt < CACHE_MS) return { issues: cached.issues };
  const response = await requestHealth(query, sources);
  if (invocation.signal.aborted) throw invocation.signal.reason;
  if (response.failure !== undefined)
    invocation.logger.warn('AWS Health not read', {
      account: query.account,
      error: response.failure,
    });
  else
    await ignoreFailure(sources, () =>
      saveResponse(config.gateTable, key, { readAt: now, issues: response.issues }, signal),
    );
  return response;
}

async function requestHealth(
  { account, policy, regions, roleArn }: SourceQuery,
  { config, invocation, signal }: Sources,
): Promise<HealthResponse> {
  try {
    const credentials = roleArn === undefined ? undefined : await assumeRole(roleArn, signal);
    const now = invocation.now();
    const since = oldestStart(policy, now);
    return await listOpenIssues(
      { account, credentials, regions, since, ownRegion: config.region, now },
      signal,
    );
  } catch (failure) {
    return { issues: [], failure };
  }
}

interface CalendarResult {
  readonly state?: CalendarState;
  readonly sourceErrors?: readonly SourceError[];
}

async function readCalendarState(
  { calendars }: Policy,
  { invocation, signal }: Sources,
): Promise<CalendarResult> {
  if (calendars.length === 0) return {};
  try {
    return { state: await readCalendars(calendars, signal) };
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('Change Calendars not read', { calendars, error });
    return {
      sourceErrors: [
        toSourceError(error, 'Change Calendar', 'Is it shared with this account, in this Region?'),
      ],
    };
  }
}

/** The cache only saves calls: without it AWS Health is asked each time. */
async function ignoreFailure<T>(
  { invocation }: Sources,
  cacheCall: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await cacheCall();
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('cached AWS Health responses not used', { error });
    return undefined;
  }
}
