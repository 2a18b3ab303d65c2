import { chunk } from '../../shared/chunk.ts';
import type { Credentials } from '../../shared/clients.ts';
import { mapLimit } from '../../shared/concurrency.ts';
import type { Tools } from '../../shared/tools.ts';
import { openIssues, REGIONS_A_CALL } from './aws/health.ts';
import { findReading, writeReading } from './aws/notes.ts';
import { readCalendars } from './aws/ssm.ts';
import { assumeRole } from './aws/sts.ts';
import type { SourceConfig } from './config.ts';
import { countsSince, type Issue } from './issue.ts';
import type { Policy } from './policy.ts';
import { GLOBAL } from './regions.ts';
import { type Calendars, judge, type Trouble, troubleOf, type Verdict } from './verdict.ts';

const READING_MS = 60_000;
const ACCOUNTS_AT_ONCE = 5;

export interface Sources {
  readonly config: SourceConfig;
  readonly tools: Tools;
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
  const accounts = policy.accounts.length > 0 ? policy.accounts : accountsOf(policy, sources.config);
  const [health, calendars] = await Promise.all([
    mapLimit(accounts, ACCOUNTS_AT_ONCE, (account) =>
      attempt(sources, `AWS Health of account ${account}`, () =>
        readAccount(account, { policy, sources, fresh }),
      ),
    ),
    attempt(sources, 'Change Calendar', () => stateOf(policy, sources.tools.signal)),
  ]);
  const findings = {
    issues: health.flatMap(({ value }) => value ?? []),
    calendars: calendars.value,
    troubles: [...health, calendars].flatMap(({ trouble }) => trouble ?? []),
  };
  return judge(findings, policy, sources.tools.now());
}

/** A role without accounts says itself whose it is. */
function accountsOf({ roleArn }: Policy, { accountId }: SourceConfig): string[] {
  return [/::(\d{12}):/.exec(roleArn ?? '')?.[1] ?? accountId];
}

interface Reader {
  readonly policy: Policy;
  readonly sources: Sources;
  readonly fresh: boolean;
}

async function readAccount(account: string, reader: Reader): Promise<Issue[]> {
  const groups = chunk([...reader.policy.regions, GLOBAL], REGIONS_A_CALL);
  const read: Issue[] = [];
  for (const regions of groups) read.push(...(await readGroup(account, regions, reader)));
  return read;
}

async function readGroup(
  account: string,
  regions: readonly string[],
  { policy, sources, fresh }: Reader,
): Promise<readonly Issue[]> {
  const { config, tools } = sources;
  const now = tools.now();
  const key = [account, roleFor(account, policy, config) ?? '-', ...regions, policy.maxEventAgeDays].join(
    ' ',
  );
  const kept = fresh
    ? undefined
    : await optionally(sources, () => findReading(config.notesTable, key, tools.signal));
  if (kept && kept.at <= now && now - kept.at < READING_MS) return kept.issues;
  const issues = await openIssues(
    {
      account,
      regions,
      since: countsSince(policy, now),
      ownRegion: config.region,
      now,
      credentials: await credentialsFor(account, { policy, sources, fresh }),
    },
    tools.signal,
  );
  await optionally(sources, () => writeReading(config.notesTable, key, { at: now, issues }, tools.signal));
  return issues;
}

async function credentialsFor(
  account: string,
  { policy, sources }: Reader,
): Promise<Credentials | undefined> {
  const role = roleFor(account, policy, sources.config);
  return role === undefined ? undefined : assumeRole(role, sources.tools.signal);
}

/** The role to take on, or none for the pack's own account. */
function roleFor(account: string, { roleArn }: Policy, config: SourceConfig): string | undefined {
  if (account === config.accountId && roleArn === undefined) return undefined;
  return (roleArn ?? config.readerRoleArn).replace('{account}', account);
}

async function stateOf({ calendars }: Policy, signal: AbortSignal): Promise<Calendars | undefined> {
  return calendars.length > 0 ? readCalendars(calendars, signal) : undefined;
}

interface Attempt<T> {
  readonly value?: T;
  readonly trouble?: Trouble;
}

async function attempt<T>({ tools }: Sources, source: string, read: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (tools.signal.aborted) throw error;
    tools.logger.warn('a source could not be read', { source, error });
    return { trouble: troubleOf(error, source) };
  }
}

/** Kept readings only save calls: without them AWS Health is asked each time. */
async function optionally<T>({ tools }: Sources, use: () => Promise<T>): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (tools.signal.aborted) throw error;
    tools.logger.warn('the readings of the last minute could not be used', { error });
    return undefined;
  }
}
