import { publishAllEvents } from '#shared/aws/eventbridge.ts';
import { updateRecord } from '#shared/aws/update-record.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ExecuteConfig } from '../config.ts';
import type { ExecuteContext } from '../context.ts';
import { createContext } from '../create-context.ts';
import { type ApprovalRecord, keyOf, keyOfRecord } from '../domain/approval-record.ts';
import {
  applyOutcome,
  claimRequest,
  type ExecutionOutcome,
  hasFailedTooLong,
  isLeased,
  nextAction,
  releaseClaim,
} from '../domain/approval-transitions.ts';
import { type ApprovedBuild, keyOfApproved, newerApproved } from '../domain/approved-build.ts';
import { hasQuorum, reopenVoting, withCurrentRules } from '../domain/current-rules.ts';
import type { Draft } from '../domain/record-key.ts';
import { type DueDetail, dueEventOf, requestEndedEvent } from '../messages/events.ts';
import { answerStep } from './answer-step.ts';
import type { ExecuteEvent } from './event.ts';
import { intervene } from './intervene.ts';
import { logClosed } from './log.ts';
import { closedOutcome, type ExecutionResult, formatError, type Incomplete } from './outcome.ts';
import { sendClosingMail } from './send-closing-mail.ts';
import { shareImage } from './share-image.ts';

/** Longer than the function's timeout, so a lease never outlives its holder; shorter than Lambda's first retry. */
const LEASE_MS = 55_000;

/** Executes a decision. A person who intervenes changes the request first. */
export async function executeApproval(
  event: ExecuteEvent,
  config: ExecuteConfig,
  invocation: Invocation,
): Promise<object> {
  if (!('intervention' in event)) return executeDecision(event, config, invocation);
  const result = await intervene(event, config, invocation);
  return 'due' in result ? executeDecision(result.due, config, invocation) : result;
}

/**
 * Claims the request, shares the AMIs or answers the step, publishes an event, closes the record and sends a mail. After a
 * crash all of it is repeated, which is safe; only the mail is claimed and not repeated.
 */
async function executeDecision(
  due: DueDetail,
  config: ExecuteConfig,
  invocation: Invocation,
): Promise<object> {
  const context = await createContext(config, invocation);
  const key = keyOf(due.imageArn, due.stepExecutionId);
  const { record, wrote } = await updateRecord<ApprovalRecord>(context.table, key, (known) =>
    known && !config.dryRun
      ? claimRequest(withCurrentRules(known, context.settings), LEASE_MS, invocation.now())
      : undefined,
  );
  if (!wrote || !record) return { outcome: await explainUnclaimed(context, due, record) };
  if (record.mailStatus === 'due') return resendClosingMail(context, record);
  if (record.status === 'approved' && !hasQuorum(record)) return returnToVoting(context, record);
  const result = await carryOut(context, record);
  const outcome = 'error' in result ? await postpone(context, record, result) : result;
  await finish(context, record, applyOutcome(record, outcome, invocation.now()));
  return { outcome: outcome.status };
}

async function returnToVoting(context: ExecuteContext, record: ApprovalRecord): Promise<object> {
  const { logger, now } = context.invocation;
  const draft = await save(context, record, reopenVoting(record, now()));
  const reason = draft.history.at(-1)?.why;
  logger.warn('decision not executed', { imageArn: record.subject.imageArn, part: record.part, reason });
  return { outcome: 'pending' };
}

/** Logs why nothing was executed. @throws RetryableError if another invocation holds the lease */
async function explainUnclaimed(
  { config, invocation, settings }: ExecuteContext,
  { imageArn, stepExecutionId }: DueDetail,
  record: ApprovalRecord | undefined,
): Promise<string> {
  const now = invocation.now();
  const action = record && nextAction(withCurrentRules(record, settings), now);
  // An invocation found it outdated and died before it published the event.
  if (record && action === 'ask' && !config.dryRun)
    await publishAllEvents([dueEventOf(record, 'ask')], invocation.signal);
  if (record && isLeased(record, now))
    throw new RetryableError('another invocation is executing this request');
  const { part } = keyOf(imageArn, stepExecutionId);
  const reason = record ? `the request is ${record.status}` : 'no such request';
  const isDryRun = config.dryRun && action === 'act';
  const fields = { imageArn, part, reason, ...(isDryRun && { dryRun: true }) };
  invocation.logger.info(isDryRun ? 'decision executed' : 'decision not executed', fields);
  return isDryRun ? `dry run: ${reason}` : reason;
}

async function carryOut(context: ExecuteContext, record: ApprovalRecord): Promise<ExecutionResult> {
  const { workflowStep } = record.subject;
  if (record.status === 'outdated') {
    const why = `${record.why ?? 'the build changed'}, and a new request could not be opened for a day`;
    return { status: 'failed', why };
  }
  if (record.status === 'cancelled')
    return { status: 'cancelled', ...(record.why !== undefined && { why: record.why }) };
  if (workflowStep) return answerStep(context, record, workflowStep.stepExecutionId);
  if (record.status === 'approved') return shareImage(context, record);
  return { status: closedOutcome(record) };
}

/** Saves what is done; Lambda or SweepApprovals retries the rest. After a day of failures the request is closed. */
async function postpone(
  context: ExecuteContext,
  record: ApprovalRecord,
  { error, shares = {} }: Incomplete,
): Promise<ExecutionOutcome> {
  if (hasFailedTooLong(record, context.invocation.now())) {
    const why = `every attempt failed for a day, the last one with ${formatError(error)}`;
    return { status: record.status === 'approved' ? 'failed' : closedOutcome(record), shares, why };
  }
  await save(context, record, releaseClaim(record, shares));
  throw new RetryableError('could not carry out the decision yet, will retry', { cause: error });
}

async function finish(
  context: ExecuteContext,
  record: ApprovalRecord,
  draft: Draft<ApprovalRecord>,
): Promise<void> {
  const { signal } = context.invocation;
  if (draft.status === 'outdated') {
    await save(context, record, draft);
    // After the write, because RequestApproval opens a new round only if the record is outdated.
    await publishAllEvents([dueEventOf(record, 'ask')], signal);
  } else {
    await publishAllEvents([requestEndedEvent(draft)], signal);
    await rememberApproved(context, draft);
    await sendClosingMail(context, await save(context, record, draft));
  }
  logClosed(context.invocation, draft);
}

/** The next build of the pipeline is compared to this one. */
async function rememberApproved({ table }: ExecuteContext, draft: Draft<ApprovalRecord>): Promise<void> {
  if (!newerApproved(undefined, draft)) return;
  await updateRecord<ApprovedBuild>(table, keyOfApproved(draft.subject), (known) =>
    newerApproved(known, draft),
  );
}

async function resendClosingMail(context: ExecuteContext, record: ApprovalRecord): Promise<object> {
  const { leaseUntil: _lease, open: _open, revision: _revision, ...kept } = record;
  const closed = await save(context, record, { ...kept, mailStatus: 'claimed' });
  if (hasFailedTooLong(record, context.invocation.now())) {
    const { imageArn } = record.subject;
    context.invocation.logger.error('closing mail abandoned: SNS refused it for a day', { imageArn });
  } else {
    await sendClosingMail(context, closed);
  }
  return { outcome: record.status };
}

/** Writes the claimed record. No other invocation writes it while the lease is valid. */
async function save(
  { table }: ExecuteContext,
  record: ApprovalRecord,
  draft: Draft<ApprovalRecord>,
): Promise<ApprovalRecord> {
  const { record: saved, wrote } = await updateRecord<ApprovalRecord>(
    table,
    keyOfRecord(record),
    (known) => (known?.revision === record.revision ? draft : undefined),
    { known: record },
  );
  if (wrote && saved) return saved;
  throw new RetryableError('another invocation took over this request');
}
