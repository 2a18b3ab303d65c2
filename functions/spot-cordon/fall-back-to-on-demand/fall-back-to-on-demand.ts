import { readRecords } from '#shared/aws/records.ts';
import { updateRecord } from '#shared/aws/update-record.ts';
import { forEachIsolated } from '#shared/concurrency.ts';
import { RetryableError } from '#shared/errors.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import { describeOptedIn, isRefreshing, updateDistribution } from '../aws/mixed-groups.ts';
import type { FallBackConfig } from '../config.ts';
import type { FallBackContext } from '../context.ts';
import { type BoughtHours, boughtHours } from '../domain/bought-hours.ts';
import { withBase } from '../domain/distribution.ts';
import { decideFallBack, type FallBackDecision } from '../domain/fall-back.ts';
import { type FallBackRecord, newRecord } from '../domain/fall-back-record.ts';
import { withInterruptions } from '../domain/interruptions.ts';
import { leaveAloneReason, toMixedGroup } from '../domain/mixed-group.ts';
import { collectNews, type GroupNews } from './collect-news.ts';
import type { MarketEvent } from './event.ts';
import { countHours, logDecision, logLeftAlone, logPlanned } from './log.ts';
import { observeMarket } from './observe-market.ts';
import { sendNotice } from './send-notice.ts';

const GROUPS_AT_ONCE = 4;

/** Lets each group of the batch fall back to On-Demand or return to Spot, by at most one change. */
export async function fallBackToOnDemand(
  messages: readonly QueueMessage<MarketEvent>[],
  config: FallBackConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const table = { table: config.table, key: 'group', signal: invocation.signal } as const;
  const context: FallBackContext = { config, invocation, table };
  const news = await collectNews(context, messages);
  if (news.length === 0) return { retry: [] };
  const records = await readRecords<FallBackRecord>(
    table,
    news.map(({ group }) => group.name),
  );
  const retry: { id: string; error: unknown }[] = [];
  await forEachIsolated(
    news,
    GROUPS_AT_ONCE,
    (one) => handleGroup(context, one, records.get(one.group.name)),
    ({ messageIds }, error) => {
      retry.push(...messageIds.map((id) => ({ id, error })));
    },
  );
  return { retry };
}

async function handleGroup(
  context: FallBackContext,
  mentioned: GroupNews,
  known: FallBackRecord | undefined,
): Promise<void> {
  const { invocation } = context;
  if (!shouldHandle(mentioned, known)) return;
  // Again, because the group must not be older than its record: another invocation may have changed both.
  const [described] = await describeOptedIn([mentioned.group.name], invocation.signal);
  if (!described) return;
  const group = toMixedGroup(described);
  const news = { ...mentioned, group };
  const reason = leaveAloneReason(group, false);
  if (reason !== undefined) return logLeftAlone(invocation, news, reason);
  const decision = await decide(context, news, known);
  if (decision.base !== undefined && (await isRefreshing(news.group.name, invocation.signal)))
    return logLeftAlone(invocation, news, leaveAloneReason(news.group, true) ?? '');
  if (context.config.dryRun) return logPlanned(invocation, news.group, decision);
  const isSaved = await saveDecision(context, news, known, decision);
  if (isSaved || decision.base !== undefined) await carryOut(context, news, decision);
  if (decision.record.notice) await sendNotice(context, news.group);
}

async function carryOut(
  { invocation }: FallBackContext,
  { group }: GroupNews,
  decision: MeasuredDecision,
): Promise<void> {
  const { base, hours } = decision;
  if (base !== undefined)
    await updateDistribution(group.name, withBase(group.distribution.members, base), invocation.signal);
  logDecision(invocation, group, decision);
  countHours(invocation, hours);
}

/** A sweep looks only at groups that are short of capacity, or that we have a record of. */
function shouldHandle(
  { failures, group, interruptions }: GroupNews,
  known: FallBackRecord | undefined,
): boolean {
  if (failures.length > 0 || interruptions.length > 0) return true;
  const active = group.members.filter(({ lifecycleState }) => /^(Pending|InService)/.test(lifecycleState));
  const capacity = active.reduce((sum, { weight }) => sum + weight, 0);
  return capacity < group.desired || known?.fallBack !== undefined || known?.notice !== undefined;
}

type MeasuredDecision = FallBackDecision & { readonly hours: BoughtHours };

async function decide(
  context: FallBackContext,
  news: GroupNews,
  known: FallBackRecord | undefined,
): Promise<MeasuredDecision> {
  const { config, invocation } = context;
  const now = invocation.now();
  const record = withInterruptions(known ?? newRecord(news.group.name), news.interruptions, now);
  const observed = await observeMarket(context, news, record, now);
  if (!news.isSweep || !record.fallBack)
    return { ...decideFallBack(record, observed, config.settings), hours: { bought: 0, saved: 0 } };
  const decision = decideFallBack({ ...record, measuredAt: now }, observed, config.settings);
  return { ...decision, hours: boughtHours(record, observed) };
}

/**
 * Saves before the group changes: what we are about to write must be known as ours.
 *
 * @throws RetryableError if somebody else wrote the record: then the group may no longer be as we read it
 */
async function saveDecision(
  { table }: FallBackContext,
  { group }: GroupNews,
  known: FallBackRecord | undefined,
  decision: MeasuredDecision,
): Promise<boolean> {
  if (decision.record === known || isEmpty(decision, known)) return false;
  const { wrote } = await updateRecord<FallBackRecord>(
    table,
    { group: group.name },
    (record) => (record?.revision === known?.revision ? decision.record : undefined),
    { known },
  );
  if (!wrote) throw new RetryableError(`another invocation decided about ${group.name} in the meantime`);
  return true;
}

/** Nothing worth a record: a group that nothing happened to. */
function isEmpty({ base, record }: FallBackDecision, known: FallBackRecord | undefined): boolean {
  return known === undefined && base === undefined && !record.notice && record.interruptions.length === 0;
}
