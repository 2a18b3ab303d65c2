import { readRecords, scanRecords } from '#shared/aws/records.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ResumeConfig } from '../config.ts';
import type { HoldFailure, ResumeContext } from '../context.ts';
import { deploymentName, type HoldRecord } from '../domain/hold-record.ts';
import { GLOBAL } from '../domain/regions.ts';
import type { TriggerEvent } from './event.ts';
import { holdDeployments } from './hold-deployments.ts';
import { reviewHolds } from './review-holds.ts';

/**
 * Remembers what gates have stopped and lets it go on once their checks are clear. The table and the sweep are the
 * truth; a closed event and a reminder only make it look sooner. What fails stays on record for the next run.
 */
export async function resumeDeployments(
  deliveries: readonly QueueMessage<TriggerEvent>[],
  config: ResumeConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const round: ResumeContext = {
    config,
    invocation,
    holds: { table: config.holdsTable, key: 'deployment', signal: invocation.signal },
  };
  const messages = deliveries.map(({ message }) => message);
  const failed = messages.filter((message) => message.kind === 'failed action');
  const unheld = await holdDeployments(round, failed);
  const { attended, failures } = await reviewNamedHolds(round, messages);
  const open = [...unheld, ...failures];
  for (const { deployment, error } of open) invocation.logger.warn('comes again', { deployment, error });
  return {
    retry: open.flatMap((failure) => messagesToRetry(deliveries, failure)),
    response: { attended: attended.map(({ deployment, status }) => ({ deployment, status })) },
  };
}

interface ReviewedHolds {
  readonly attended: readonly HoldRecord[];
  readonly failures: readonly HoldFailure[];
}

async function reviewNamedHolds(
  round: ResumeContext,
  messages: readonly TriggerEvent[],
): Promise<ReviewedHolds> {
  const named = new Set(messages.flatMap((message) => (message.kind === 'due' ? [message.deployment] : [])));
  const remindsAll = messages.some(({ kind }) => kind === 'sweep');
  const fresh = remindsAll || messages.some(({ kind }) => kind === 'closed issue');
  const attended = await selectHolds(round, messages, named);
  if (attended.length === 0) return { attended, failures: [] };
  return { attended, failures: await reviewHolds(round, attended, { named, remindsAll, fresh }) };
}

/** The sweep looks at every record, a closed event at those it can concern, a reminder at its own. */
async function selectHolds(
  { holds }: ResumeContext,
  messages: readonly TriggerEvent[],
  named: ReadonlySet<string>,
): Promise<HoldRecord[]> {
  const closed = messages.filter((message) => message.kind === 'closed issue');
  const sweeps = messages.some(({ kind }) => kind === 'sweep');
  if (!sweeps && closed.length === 0)
    return named.size === 0 ? [] : [...(await readRecords(holds, [...named])).values()];
  const all = await scanRecords(holds);
  if (sweeps) return all;
  return all.filter(
    (hold) => named.has(hold.deployment) || closed.some(({ region }) => isAffectedBy(hold, region)),
  );
}

/** What is open in no one Region stops every gate. */
function isAffectedBy(hold: HoldRecord, region: string | undefined): boolean {
  if (region === undefined || region === GLOBAL) return true;
  return hold.actions.some(({ policy }) => policy.regions.includes(region));
}

/** The messages that a deployment's failure brings back: its own, and those that are about all. */
function messagesToRetry(
  deliveries: readonly QueueMessage<TriggerEvent>[],
  { deployment, error }: HoldFailure,
) {
  return deliveries
    .filter(({ message }) => concernsDeployment(message, deployment))
    .map(({ id }) => ({ id, error }));
}

function concernsDeployment(message: TriggerEvent, deployment: string): boolean {
  if (message.kind === 'failed action') return deploymentName(message) === deployment;
  return message.kind !== 'due' || message.deployment === deployment;
}
