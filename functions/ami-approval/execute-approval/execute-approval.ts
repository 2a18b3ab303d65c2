import { publishAllEvents } from '#shared/aws/eventbridge.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sendMail } from '#shared/mail.ts';
import { addCount } from '#shared/metrics.ts';
import { updateItem } from '../aws/approvals-table.ts';
import type { ExecuteConfig } from '../config.ts';
import { type Approval, type Draft, keyOf } from '../domain/approval-record.ts';
import {
  claim,
  type Ending,
  isHopeless,
  isLeased,
  nextWork,
  pause,
  settle,
  unclaimNotice,
} from '../domain/approval-transitions.ts';
import { type DueDetail, due, ended } from '../messages/events.ts';
import { writeEnded, writeShared } from '../messages/mail.ts';
import { answerStep } from './answer-step.ts';
import { type Acted, type ExecuteRun, sayError, turnedDown, type Unfinished } from './outcome.ts';
import { shareImage } from './share-image.ts';

/** Longer than the function may run, so that whoever holds a lease is at work or dead; shorter than Lambda's first wait. */
const LEASE_MS = 55_000;

/**
 * Acts on a decision: claims the request, shares or answers the step, tells machines, closes the record, mails people.
 * Whatever dies half way is done again from the claim on; every effect can be repeated, and the mail is claimed.
 */
export async function executeApproval(
  asked: DueDetail,
  config: ExecuteConfig,
  invocation: Invocation,
): Promise<object> {
  const run: ExecuteRun = { config, invocation, use: { table: config.table, signal: invocation.signal } };
  const key = keyOf(asked.imageArn, asked.stepExecutionId);
  const { record, wrote } = await updateItem<Approval>(run.use, key, (known) =>
    known && !config.dryRun ? claim(known, LEASE_MS, invocation.now()) : undefined,
  );
  if (wrote && record) return act(run, record);
  const work = record && nextWork(record, invocation.now());
  // It was found outdated, and whoever found it died before he could say so.
  if (record && work === 'ask' && !config.dryRun)
    await publishAllEvents([due(record, 'ask')], invocation.signal);
  if (record && isLeased(record, invocation.now()))
    throw new RetryableError('somebody else is acting on this request');
  const why = record
    ? `${work === 'act' ? 'dry run: would act on it, which is' : 'it is'} ${record.status}`
    : 'no such request';
  invocation.logger.info(`nothing done: ${why}`, { imageArn: asked.imageArn, part: key.part });
  return { outcome: why };
}

async function act(run: ExecuteRun, record: Approval): Promise<object> {
  if (record.notice === 'due') return mailAgain(run, record);
  const acted = await carryOut(run, record);
  const ending = 'unfinished' in acted ? await putOff(run, record, acted) : acted;
  const draft = settle(record, ending, run.invocation.now());
  const { signal } = run.invocation;
  if (ending.status === 'outdated') {
    await close(run, record, draft);
    // Only now: RequestApproval asks again when the record says that it is outdated.
    await publishAllEvents([due(record, 'ask')], signal);
  } else {
    await publishAllEvents([ended(draft)], signal);
    await sendEndMail(run, await close(run, record, draft));
  }
  report(run.invocation, draft);
  return { outcome: ending.status };
}

async function carryOut(run: ExecuteRun, record: Approval): Promise<Acted> {
  const { gate } = record.subject;
  if (record.status === 'outdated') {
    return { status: 'failed', why: `${record.why ?? 'it changed'}, and it could not be asked about again` };
  }
  if (gate) return answerStep(run, record, gate.stepExecutionId);
  if (record.status === 'approved') return shareImage(run, record);
  return { status: turnedDown(record) };
}

/** What is done is kept, and Lambda or the sweep repeats the rest; after a day of that a person has to look. */
async function putOff(
  run: ExecuteRun,
  record: Approval,
  { unfinished, shares = {} }: Unfinished,
): Promise<Ending> {
  if (isHopeless(record, run.invocation.now())) {
    const why = `it has failed for a day, last with ${sayError(unfinished)}`;
    return { status: record.status === 'approved' ? 'failed' : turnedDown(record), shares, why };
  }
  await close(run, record, pause(record, shares));
  throw new RetryableError('the decision could not be carried out yet', { cause: unfinished });
}

/** Writes what the claimed record became; nobody else does while the lease holds. */
async function close({ use }: ExecuteRun, record: Approval, draft: Draft): Promise<Approval> {
  const { record: closed, wrote } = await updateItem<Approval>(
    use,
    record,
    (known) => (known?.revision === record.revision ? draft : undefined),
    { known: record },
  );
  if (wrote && closed) return closed;
  throw new RetryableError('somebody else took over this request');
}

async function mailAgain(run: ExecuteRun, record: Approval): Promise<object> {
  const { leaseUntil: _lease, open: _open, revision: _revision, ...kept } = record;
  const closed = await close(run, record, { ...kept, notice: 'claimed' });
  if (isHopeless(record, run.invocation.now())) {
    run.invocation.logger.error('SNS has refused a mail for a day; it is given up', {
      imageArn: record.subject.imageArn,
    });
  } else {
    await sendEndMail(run, closed);
  }
  return { outcome: record.status };
}

/** The record says that the mail went out; if SNS refused it for sure, it is taken back and comes again. */
async function sendEndMail(run: ExecuteRun, closed: Approval): Promise<void> {
  const { config, invocation, use } = run;
  if (closed.status === 'resumed') return; // the workflow goes on: that is the notice
  const isShared = closed.status === 'shared';
  const topicArn = isShared ? config.ownerTopicArn : config.approverTopicArn;
  const mail = isShared ? writeShared(closed) : writeEnded(closed);
  const result = await sendMail(topicArn, mail, invocation, { imageArn: closed.subject.imageArn });
  if (result.outcome !== 'refused') return;
  await updateItem<Approval>(use, closed, (known) => known && unclaimNotice(known), { known: closed });
  throw new RetryableError('the mail about the end of a request was refused by SNS', { cause: result.error });
}

function report({ logger, metrics }: Invocation, record: Draft): void {
  const { subject, part, status, round, shares, why } = record;
  const line = { imageArn: subject.imageArn, part, status, round, shares, ...(why !== undefined && { why }) };
  if (status === 'failed') logger.error('an approval could not be carried out', line);
  else logger.info('an approval request is over', line);
  addCount(metrics, `Ended.${status}`);
}
