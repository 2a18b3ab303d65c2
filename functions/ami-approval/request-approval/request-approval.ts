import { RetryableError } from '#shared/errors.ts';
import type { Invocation } from '#shared/invocation.ts';
import { sendMail } from '#shared/mail.ts';
import { addCount } from '#shared/metrics.ts';
import { readShelf, updateItem } from '../aws/approvals-table.ts';
import { getImage } from '../aws/imagebuilder.ts';
import type { RequestConfig } from '../config.ts';
import { keyOf } from '../domain/approval-record.ts';
import { type Failure, type Findings, newerFindings } from '../domain/scan-findings.ts';
import { writeBroken } from '../messages/mail.ts';
import type { Occasion } from './event.ts';
import type { RequestRun } from './invite-approvers.ts';
import { askAbout } from './open-request.ts';

export async function requestApproval(
  occasions: readonly Occasion[],
  config: RequestConfig,
  invocation: Invocation,
): Promise<object> {
  const run: RequestRun = { config, invocation, use: { table: config.table, signal: invocation.signal } };
  const outcomes: string[] = [];
  for (const occasion of occasions) outcomes.push(await take(run, occasion));
  return { outcomes };
}

async function take(run: RequestRun, occasion: Occasion): Promise<string> {
  switch (occasion.kind) {
    case 'built':
    case 'waiting':
      return askAbout(run, occasion);
    case 'due':
      if (occasion.due.next === 'ask') return askAbout(run, occasion.due);
      return drop(run, 'nothing to ask: this event is for ExecuteApproval', occasion.due.imageArn);
    case 'scanned':
      return keepFindings(run, occasion);
    case 'broken':
      return tellBroken(run, occasion);
    case 'none':
      return drop(run, `nothing to ask: ${occasion.why}`);
  }
}

function drop({ invocation }: RequestRun, why: string, imageArn?: string): string {
  invocation.logger.info(why, imageArn === undefined ? {} : { imageArn });
  return why;
}

async function keepFindings(run: RequestRun, scanned: Occasion & { kind: 'scanned' }): Promise<string> {
  const { imageArn, counts, at } = scanned;
  const key = { ...keyOf(imageArn), part: 'findings' };
  if (run.config.dryRun) return drop(run, 'dry run: would keep the findings', imageArn);
  const { wrote } = await updateItem<Findings>(run.use, key, (known) =>
    newerFindings(known, { ...key, counts, at }),
  );
  const outcome = wrote ? 'findings kept' : 'findings known already';
  run.invocation.logger.info(outcome, { imageArn, ...counts });
  return outcome;
}

/** A failed build is told of once, however many events and messages say so. */
async function tellBroken(run: RequestRun, broken: Occasion & { kind: 'broken' }): Promise<string> {
  const { config, invocation, use } = run;
  const { imageArn } = broken;
  const key = { ...keyOf(imageArn), part: 'failure' };
  const { failure } = await readShelf(use, key.image);
  if (failure?.notice === 'claimed') return drop(run, 'nothing to do: told already', imageArn);
  const reason =
    broken.reason ?? (await getImage(imageArn, invocation.signal)).reason ?? 'Image Builder gave no reason.';
  if (config.dryRun) return drop(run, 'dry run: would tell of a failed build', imageArn);
  const { record, wrote } = await updateItem<Failure>(
    use,
    key,
    (known) =>
      known?.notice === 'claimed'
        ? undefined
        : { ...key, imageArn, reason, at: invocation.now(), notice: 'claimed' },
    { known: failure },
  );
  if (!wrote || !record) return drop(run, 'nothing to do: told already', imageArn);
  const result = await sendMail(config.topicArn, writeBroken(record), invocation, { imageArn });
  if (result.outcome === 'refused') await takeBack(run, record, result.error);
  invocation.logger.info('a failed build was told of', { imageArn, reason });
  addCount(invocation.metrics, 'BuildFailed');
  return 'told of a failed build';
}

async function takeBack({ use }: RequestRun, record: Failure, cause: unknown): Promise<never> {
  await updateItem<Failure>(use, record, (known) => (known ? { ...known, notice: 'due' } : undefined), {
    known: record,
  });
  throw new RetryableError('the notice of a failed build was refused by SNS', { cause });
}
