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
  judge,
  type SourceError,
  toSourceError,
  type Verdict,
} from './domain/verdict.ts';

const CACHE_MS = 60_000;
const HEALTH_CONCURRENCY = 5;
/** Of the time that is left: the rest is for acting on what was read. */
const READ_TIME_SHARE = 0.6;

/** What one invocation reads with. */
export interface Sources {
  readonly config: SourceConfig;
  readonly invocation: Invocation;
  /** Ends the reading in time: what was not read by then counts as out of reach. */
  readonly signal: AbortSignal;
  /** By question: however many policies ask the same, AWS Health is asked once. */
  readonly responses: Map<string, Promise<HealthResponse>>;
}

export function createSources(config: SourceConfig, invocation: Invocation): Sources {
  const timeout = AbortSignal.timeout(Math.floor(invocation.remainingMs() * READ_TIME_SHARE));
  return { config, invocation, signal: AbortSignal.any([invocation.signal, timeout]), responses: new Map() };
}

/**
 * Reads what a policy asks for and judges it. A reading of the last minute is used again unless `fresh` is asked for:
 * a pipeline that waits comes back every half minute.
 */
export async function evaluatePolicy(
  policy: Policy,
  sources: Sources,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<Verdict> {
  const questions = toQueries(policy, sources.config);
  const [health, calendars] = await Promise.all([
    mapLimit(questions, HEALTH_CONCURRENCY, (question) => readHealthOnce(question, sources, fresh)),
    readCalendarState(policy, sources),
  ]);
  const failed = health.flatMap(({ failure }, i) =>
    failure === undefined ? [] : [{ failure, question: questions[i] }],
  );
  const findings = {
    issues: health.flatMap(({ issues }) => issues),
    calendars: calendars.state,
    sourceErrors: [
      ...failed.map(({ failure, question }) => toSourceError(failure, ...describeQuery(question))),
      ...(calendars.sourceErrors ?? []),
    ],
  };
  return judge(findings, policy, sources.invocation.now());
}

interface SourceQuery {
  readonly account: string;
  /** Of another account; none is the pack's own. */
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

/** A role without accounts says itself whose it is. */
function accountsOf({ accounts, roleArn }: Policy, { accountId }: SourceConfig): readonly string[] {
  return accounts.length > 0 ? accounts : [/::(\d{12}):/.exec(roleArn ?? '')?.[1] ?? accountId];
}

function roleForAccount(account: string, { roleArn }: Policy, config: SourceConfig): string | undefined {
  if (account === config.accountId && roleArn === undefined) return undefined;
  return (roleArn ?? config.readerRoleArn).replace('{account}', account);
}

/** For a trouble: whose AWS Health it is, and what to look at when it refuses. */
function describeQuery(question: SourceQuery | undefined): readonly [string, string] {
  const { account = '', roleArn } = question ?? {};
  const hint =
    roleArn === undefined
      ? "Allow health:DescribeEvents to this function's role"
      : `Look whether ${roleArn} exists, trusts this pack's account and allows health:DescribeEvents`;
  return [`AWS Health of account ${account}`, hint];
}

function readHealthOnce(question: SourceQuery, sources: Sources, fresh: boolean): Promise<HealthResponse> {
  const { account, policy, regions, roleArn = '-' } = question;
  const key = [account, roleArn, ...regions, policy.maxEventAgeDays].join(' ');
  const known = sources.responses.get(key);
  if (known !== undefined) return known;
  const asking = readHealth(question, key, sources, fresh);
  sources.responses.set(key, asking);
  return asking;
}

async function readHealth(
  question: SourceQuery,
  key: string,
  sources: Sources,
  fresh: boolean,
): Promise<HealthResponse> {
  const { config, invocation, signal } = sources;
  const now = invocation.now();
  const kept = fresh
    ? undefined
    : await ignoreFailure(sources, () => findCachedResponse(config.notesTable, key, signal));
  if (kept && kept.at <= now && now - kept.at < CACHE_MS) return { issues: kept.issues };
  const answered = await requestHealth(question, sources);
  if (invocation.signal.aborted) throw invocation.signal.reason;
  if (answered.failure !== undefined)
    invocation.logger.warn('AWS Health could not be read', {
      account: question.account,
      error: answered.failure,
    });
  else
    await ignoreFailure(sources, () =>
      saveResponse(config.notesTable, key, { at: now, issues: answered.issues }, signal),
    );
  return answered;
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
    invocation.logger.warn('the change calendars could not be read', { calendars, error });
    return {
      sourceErrors: [
        toSourceError(error, 'Change Calendar', 'Is it shared with this account, in this Region?'),
      ],
    };
  }
}

/** Kept readings only save calls: without them AWS Health is asked each time. */
async function ignoreFailure<T>({ invocation }: Sources, use: () => Promise<T>): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('the readings of the last minute could not be used', { error });
    return undefined;
  }
}
