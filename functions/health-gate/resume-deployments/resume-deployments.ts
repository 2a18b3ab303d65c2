import { readRecords, scanRecords } from '#shared/aws/records.ts';
import type { BatchResult, QueueMessage } from '#shared/handlers/queue.ts';
import type { Invocation } from '#shared/invocation.ts';
import type { ResumeConfig } from '../config.ts';
import type { Failure, Round } from '../context.ts';
import { type Hold, nameOf } from '../domain/hold-record.ts';
import { GLOBAL } from '../domain/regions.ts';
import type { Occasion } from './event.ts';
import { holdDeployments } from './hold-deployments.ts';
import { attendTo } from './review-holds.ts';

/**
 * Remembers what gates have stopped and lets it go on once their checks are clear. The table and the sweep are the
 * truth; a closed event and a reminder only make it look sooner. What fails stays on record for the next run.
 */
export async function resumeDeployments(
  deliveries: readonly QueueMessage<Occasion>[],
  config: ResumeConfig,
  invocation: Invocation,
): Promise<BatchResult> {
  const round: Round = {
    config,
    invocation,
    use: { table: config.holdsTable, key: 'deployment', signal: invocation.signal },
  };
  const messages = deliveries.map(({ message }) => message);
  const failed = messages.filter((message) => message.kind === 'failed action');
  const unheld = await holdDeployments(round, failed);
  const { attended, failures } = await attend(round, messages);
  const open = [...unheld, ...failures];
  for (const { deployment, error } of open) invocation.logger.warn('comes again', { deployment, error });
  return {
    retry: open.flatMap((failure) => again(deliveries, failure)),
    response: { attended: attended.map(({ deployment, status }) => ({ deployment, status })) },
  };
}

interface Attended {
  readonly attended: readonly Hold[];
  readonly failures: readonly Failure[];
}

async function attend(round: Round, messages: readonly Occasion[]): Promise<Attended> {
  const named = new Set(messages.flatMap((message) => (message.kind === 'due' ? [message.deployment] : [])));
  const remindsAll = messages.some(({ kind }) => kind === 'sweep');
  const fresh = remindsAll || messages.some(({ kind }) => kind === 'closed issue');
  const attended = await choose(round, messages, named);
  if (attended.length === 0) return { attended, failures: [] };
  return { attended, failures: await attendTo(round, attended, { named, remindsAll, fresh }) };
}

/** The sweep looks at every record, a closed event at those it can concern, a reminder at its own. */
async function choose(
  { use }: Round,
  messages: readonly Occasion[],
  named: ReadonlySet<string>,
): Promise<Hold[]> {
  const closed = messages.filter((message) => message.kind === 'closed issue');
  const sweeps = messages.some(({ kind }) => kind === 'sweep');
  if (!sweeps && closed.length === 0)
    return named.size === 0 ? [] : [...(await readRecords(use, [...named])).values()];
  const all = await scanRecords(use);
  if (sweeps) return all;
  return all.filter(
    (hold) => named.has(hold.deployment) || closed.some(({ region }) => concerns(hold, region)),
  );
}

/** What is open in no one Region stops every gate. */
function concerns(hold: Hold, region: string | undefined): boolean {
  if (region === undefined || region === GLOBAL) return true;
  return hold.actions.some(({ policy }) => policy.regions.includes(region));
}

/** The messages that a deployment's failure brings back: its own, and those that are about all. */
function again(deliveries: readonly QueueMessage<Occasion>[], { deployment, error }: Failure) {
  return deliveries.filter(({ message }) => isAbout(message, deployment)).map(({ id }) => ({ id, error }));
}

function isAbout(message: Occasion, deployment: string): boolean {
  if (message.kind === 'failed action') return nameOf(message) === deployment;
  return message.kind !== 'due' || message.deployment === deployment;
}
