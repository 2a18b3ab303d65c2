import { readRecords, scanRecords } from '#shared/aws/records.ts';
import type { ResumeContext } from '../context.ts';
import type { HoldRecord } from '../domain/hold-record.ts';
import { GLOBAL } from '../domain/regions.ts';
import type { TriggerEvent } from './event.ts';

/** Which holds a batch is about, and how to review them. */
export interface HoldSelection {
  readonly holds: readonly HoldRecord[];
  /** Deployments named by their own message; SQS delivers it again if another run is busy with them. */
  readonly named: ReadonlySet<string>;
  /** Send reminders for all holds due before the next sweep, or only for those that this run changed. */
  readonly remindAll: boolean;
  /** Ignore cached responses: an event says that the sources changed. A reminder may use them. */
  readonly fresh: boolean;
}

export async function selectHolds(
  context: ResumeContext,
  messages: readonly TriggerEvent[],
): Promise<HoldSelection> {
  const named = new Set(messages.flatMap((message) => (message.kind === 'due' ? [message.deployment] : [])));
  const remindAll = messages.some(({ kind }) => kind === 'sweep');
  const fresh = remindAll || messages.some(({ kind }) => kind === 'closed issue');
  return { holds: await readSelected(context, messages, named), named, remindAll, fresh };
}

/** A sweep selects every record, a closed issue those it may concern, a reminder only its own. */
async function readSelected(
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

/** An issue without a single Region concerns every gate. */
function isAffectedBy(hold: HoldRecord, region: string | undefined): boolean {
  if (region === undefined || region === GLOBAL) return true;
  return hold.actions.some(({ policy }) => policy.regions.includes(region));
}
