import type { QueueMessage } from '#shared/handlers/queue.ts';
import { readMemberships } from '../aws/auto-scaling.ts';
import { describeAllOptedIn, describeOptedIn } from '../aws/mixed-groups.ts';
import type { FallBackContext } from '../context.ts';
import type { FailedMarketLaunch } from '../domain/fall-back.ts';
import type { Interruption } from '../domain/fall-back-record.ts';
import { type MixedGroup, toMixedGroup } from '../domain/mixed-group.ts';
import type { MarketEvent } from './event.ts';

/** What a batch says about a group that has opted in. */
export interface GroupNews {
  readonly group: MixedGroup;
  readonly failures: readonly FailedMarketLaunch[];
  readonly interruptions: readonly Interruption[];
  readonly isSweep: boolean;
  /** The messages to deliver again if the group could not be handled. */
  readonly messageIds: readonly string[];
}

interface Mention {
  readonly id: string;
  readonly failure?: FailedMarketLaunch;
  readonly interruption?: Interruption;
}

/** Sorts the messages by group. The sweep mentions every group that has opted in; most events are about other groups. */
export async function collectNews(
  { invocation: { signal } }: FallBackContext,
  messages: readonly QueueMessage<MarketEvent>[],
): Promise<GroupNews[]> {
  const sweep = messages.find(({ message }) => message.kind === 'sweep');
  const mentions = await mentionsByGroup(messages, signal);
  const groups = sweep
    ? await describeAllOptedIn(signal)
    : await describeOptedIn([...mentions.keys()], signal);
  return groups.map(toMixedGroup).map((group) => {
    const own = mentions.get(group.name) ?? [];
    return {
      group,
      failures: own.flatMap(({ failure }) => failure ?? []),
      interruptions: own.flatMap(({ interruption }) => interruption ?? []),
      isSweep: sweep !== undefined,
      messageIds: sweep ? [sweep.id] : own.map(({ id }) => id),
    };
  });
}

async function mentionsByGroup(
  messages: readonly QueueMessage<MarketEvent>[],
  signal: AbortSignal,
): Promise<Map<string, Mention[]>> {
  const mentions: (Mention & { readonly group: string })[] = [];
  const warned = new Map<string, Mention & { readonly interruption: Interruption }>();
  for (const { id, message } of messages) {
    if (message.kind === 'launch-failure')
      mentions.push({ id, group: message.group, failure: message.launch });
    if (message.kind === 'interruption')
      warned.set(message.interruption.instanceId, { id, interruption: message.interruption });
  }
  // A warning names only its instance.
  const memberships = warned.size === 0 ? new Map() : await readMemberships([...warned.keys()], signal);
  for (const [instanceId, mention] of warned) {
    const group = memberships.get(instanceId);
    if (group !== undefined) mentions.push({ ...mention, group });
  }
  return Map.groupBy(mentions, ({ group }) => group);
}
