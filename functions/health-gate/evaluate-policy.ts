import { chunk, mapLimit } from '#shared/concurrency.ts';
import type { Invocation } from '#shared/invocation.ts';
import { findReading, writeReading } from './aws/gate-table.ts';
import { type Answered, openIssues, REGIONS_A_CALL } from './aws/health.ts';
import { readCalendars } from './aws/ssm.ts';
import { assumeRole } from './aws/sts.ts';
import type { SourceConfig } from './config.ts';
import { countsSince } from './domain/health-issue.ts';
import type { Policy } from './domain/policy.ts';
import { GLOBAL } from './domain/regions.ts';
import { type Calendars, judge, type Trouble, troubleOf, type Verdict } from './domain/verdict.ts';

const READING_MS = 60_000;
const QUESTIONS_AT_ONCE = 5;
/** Of the time that is left: the rest is for acting on what was read. */
const SHARE_FOR_READING = 0.6;

/** What one invocation reads with. */
export interface Sources {
  readonly config: SourceConfig;
  readonly invocation: Invocation;
  /** Ends the reading in time: what was not read by then counts as out of reach. */
  readonly signal: AbortSignal;
  /** By question: however many policies ask the same, AWS Health is asked once. */
  readonly asked: Map<string, Promise<Answered>>;
}

export function openSources(config: SourceConfig, invocation: Invocation): Sources {
  const timeout = AbortSignal.timeout(Math.floor(invocation.remainingMs() * SHARE_FOR_READING));
  return { config, invocation, signal: AbortSignal.any([invocation.signal, timeout]), asked: new Map() };
}

/**
 * Reads what a policy asks for and judges it. A reading of the last minute is used again unless `fresh` is asked for:
 * a pipeline that waits comes back every half minute.
 */
export async function evaluate(
  policy: Policy,
  sources: Sources,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<Verdict> {
  const questions = questionsOf(policy, sources.config);
  const [health, calendars] = await Promise.all([
    mapLimit(questions, QUESTIONS_AT_ONCE, (question) => askOnce(question, sources, fresh)),
    stateOf(policy, sources),
  ]);
  const failed = health.flatMap(({ failure }, i) =>
    failure === undefined ? [] : [{ failure, question: questions[i] }],
  );
  const findings = {
    issues: health.flatMap(({ issues }) => issues),
    calendars: calendars.state,
    troubles: [
      ...failed.map(({ failure, question }) => troubleOf(failure, ...nameOf(question))),
      ...(calendars.trouble ?? []),
    ],
  };
  return judge(findings, policy, sources.invocation.now());
}

interface Question {
  readonly account: string;
  /** Of another account; none is the pack's own. */
  readonly roleArn: string | undefined;
  readonly regions: readonly string[];
  readonly policy: Policy;
}

function questionsOf(policy: Policy, config: SourceConfig): Question[] {
  const groups = chunk([...policy.regions, GLOBAL], REGIONS_A_CALL);
  return accountsOf(policy, config).flatMap((account) =>
    groups.map((regions) => ({ account, roleArn: roleFor(account, policy, config), regions, policy })),
  );
}

/** A role without accounts says itself whose it is. */
function accountsOf({ accounts, roleArn }: Policy, { accountId }: SourceConfig): readonly string[] {
  return accounts.length > 0 ? accounts : [/::(\d{12}):/.exec(roleArn ?? '')?.[1] ?? accountId];
}

function roleFor(account: string, { roleArn }: Policy, config: SourceConfig): string | undefined {
  if (account === config.accountId && roleArn === undefined) return undefined;
  return (roleArn ?? config.readerRoleArn).replace('{account}', account);
}

/** For a trouble: whose AWS Health it is, and what to look at when it refuses. */
function nameOf(question: Question | undefined): readonly [string, string] {
  const { account = '', roleArn } = question ?? {};
  const hint =
    roleArn === undefined
      ? "Allow health:DescribeEvents to this function's role"
      : `Look whether ${roleArn} exists, trusts this pack's account and allows health:DescribeEvents`;
  return [`AWS Health of account ${account}`, hint];
}

function askOnce(question: Question, sources: Sources, fresh: boolean): Promise<Answered> {
  const { account, policy, regions, roleArn = '-' } = question;
  const key = [account, roleArn, ...regions, policy.maxEventAgeDays].join(' ');
  const known = sources.asked.get(key);
  if (known !== undefined) return known;
  const asking = ask(question, key, sources, fresh);
  sources.asked.set(key, asking);
  return asking;
}

async function ask(question: Question, key: string, sources: Sources, fresh: boolean): Promise<Answered> {
  const { config, invocation, signal } = sources;
  const now = invocation.now();
  const kept = fresh
    ? undefined
    : await optionally(sources, () => findReading(config.notesTable, key, signal));
  if (kept && kept.at <= now && now - kept.at < READING_MS) return { issues: kept.issues };
  const answered = await askHealth(question, sources);
  if (invocation.signal.aborted) throw invocation.signal.reason;
  if (answered.failure !== undefined)
    invocation.logger.warn('AWS Health could not be read', {
      account: question.account,
      error: answered.failure,
    });
  else
    await optionally(sources, () =>
      writeReading(config.notesTable, key, { at: now, issues: answered.issues }, signal),
    );
  return answered;
}

async function askHealth(
  { account, policy, regions, roleArn }: Question,
  { config, invocation, signal }: Sources,
): Promise<Answered> {
  try {
    const credentials = roleArn === undefined ? undefined : await assumeRole(roleArn, signal);
    const now = invocation.now();
    const since = countsSince(policy, now);
    return await openIssues({ account, credentials, regions, since, ownRegion: config.region, now }, signal);
  } catch (failure) {
    return { issues: [], failure };
  }
}

interface CalendarAnswer {
  readonly state?: Calendars;
  readonly trouble?: readonly Trouble[];
}

async function stateOf({ calendars }: Policy, { invocation, signal }: Sources): Promise<CalendarAnswer> {
  if (calendars.length === 0) return {};
  try {
    return { state: await readCalendars(calendars, signal) };
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('the change calendars could not be read', { calendars, error });
    return {
      trouble: [troubleOf(error, 'Change Calendar', 'Is it shared with this account, in this Region?')],
    };
  }
}

/** Kept readings only save calls: without them AWS Health is asked each time. */
async function optionally<T>({ invocation }: Sources, use: () => Promise<T>): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (invocation.signal.aborted) throw error;
    invocation.logger.warn('the readings of the last minute could not be used', { error });
    return undefined;
  }
}
